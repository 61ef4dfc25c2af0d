package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// SpinReason says why no spin job is created.
type SpinReason string

// The reasons. SpinFailed and SpinUnknown are those that a retry may mend by itself.
const (
	SpinOff             SpinReason = "spin_jobs_off"
	SpinNotRandom       SpinReason = "not_random"
	SpinNotAutoSpin     SpinReason = "not_auto_spin"
	SpinNoTemplate      SpinReason = "no_template"
	SpinTemplateMissing SpinReason = "template_missing"
	SpinNotPermitted    SpinReason = "not_permitted"
	SpinAbsent          SpinReason = "not_checked_out" // the service no longer held it, so nobody can tell who did since
	SpinGone            SpinReason = "not_listed"      // the identity sees no such credential any more
	SpinFailed          SpinReason = "failed"
	SpinUnknown         SpinReason = pam.SpinUnknown // interrupted: there may be a job or none
)

// SpinPlan is what a check-in will do: clone Template, or nothing for Reason.
type SpinPlan struct {
	Template int64
	Reason   SpinReason
}

// PlanSpin decides whether a credential is spun after its check-in.
func PlanSpin(c pam.Credential, r Rules) SpinPlan {
	switch {
	case !r.SpinJobs:
		return SpinPlan{Reason: SpinOff}
	case !c.Random:
		return SpinPlan{Reason: SpinNotRandom}
	case !c.AutoSpin:
		return SpinPlan{Reason: SpinNotAutoSpin}
	}
	if id, ok := r.TemplateJobs[c.Type]; ok {
		return SpinPlan{Template: id}
	}
	return SpinPlan{Reason: SpinNoTemplate}
}

// SpinPlan is what a check-in of c would do under the engine's rules.
func (e *Engine) SpinPlan(c pam.Credential) SpinPlan { return PlanSpin(c, e.Rules) }

// SpinResult is what became of a spin: the job's id, or why there is none. An
// id of 0 without a reason is a job whose id the service did not tell.
type SpinResult struct {
	JobID  int64
	Reason SpinReason
	Err    error // the failure behind Reason; without a Reason, that of setting the job's comment
}

// Failed reports whether a spin that should have happened did not.
func (s SpinResult) Failed() bool { return s.Err != nil && s.Reason != "" }

// spin clones the template for c's credential, and comments the clone.
func (e *Engine) spin(ctx context.Context, template int64, c pam.Checkout) SpinResult {
	job, err := e.cloneTemplate(ctx, template, c.Credential)
	if err != nil {
		return failedSpin(fmt.Errorf("template job %d: %w", template, err), SpinTemplateMissing)
	}
	id, err := e.Source.CreatePasswordJob(ctx, e.Delegation, job)
	if err != nil {
		return failedSpin(fmt.Errorf("spin job for %s: %w", c.Credential.Ref(), err), SpinFailed)
	}
	result := SpinResult{JobID: id}
	if comment := JobComment(e.Rules.JobComment, c.Identity); comment != "" && id != 0 {
		if err := e.Source.SetJobComment(ctx, e.Delegation, id, comment); err != nil {
			result.Err = fmt.Errorf("comment of job %d: %w", id, err)
		}
	}
	return result
}

func (e *Engine) cloneTemplate(ctx context.Context, template int64, c pam.Credential) (json.RawMessage, error) {
	settings, err := e.Source.JobSettings(ctx, e.Delegation, template)
	if err != nil {
		return nil, err
	}
	return spinJob(settings, c, e.Clock().UnixMilli())
}

// failedSpin finds the reason; absent is what ErrNotFound means here.
func failedSpin(err error, absent SpinReason) SpinResult {
	if errors.Is(err, pam.ErrUncertain) {
		return SpinResult{Reason: SpinUnknown, Err: err}
	}
	switch classOf(err) {
	case pam.ErrNotFound:
		return SpinResult{Reason: absent, Err: err}
	case pam.ErrDenied, pam.ErrSpinNotPermitted:
		return SpinResult{Reason: SpinNotPermitted, Err: err}
	}
	return SpinResult{Reason: SpinFailed, Err: err}
}

// JobComment fills <username> with the identity that performed the check-out,
// wherever it stands and however often.
func JobComment(text string, as pam.Identity) string {
	return strings.ReplaceAll(text, "<username>", as.String())
}
