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

// The reasons. SpinFailed is the only one that a retry may mend.
const (
	SpinOff             SpinReason = "spin_jobs_off"
	SpinNotRandom       SpinReason = "not_random"
	SpinNotAutoSpin     SpinReason = "not_auto_spin"
	SpinNoTemplate      SpinReason = "no_template"
	SpinTemplateMissing SpinReason = "template_missing"
	SpinNotPermitted    SpinReason = "not_permitted"
	SpinFailed          SpinReason = "failed"
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

// SpinResult is what became of a spin: the job's id, or why there is none.
type SpinResult struct {
	JobID  int64
	Reason SpinReason
	Err    error // the failure behind Reason, when there was one
}

// Failed reports whether a spin that should have happened did not.
func (s SpinResult) Failed() bool { return s.Err != nil }

func (e *Engine) spin(ctx context.Context, c pam.Checkout) SpinResult {
	plan := PlanSpin(c.Credential, e.Rules)
	if plan.Reason != "" {
		return SpinResult{Reason: plan.Reason}
	}
	id, err := e.createSpinJob(ctx, plan.Template, c)
	if err != nil {
		return SpinResult{JobID: id, Reason: spinReason(err), Err: err}
	}
	return SpinResult{JobID: id}
}

func spinReason(err error) SpinReason {
	switch {
	case errors.Is(err, pam.ErrNotFound):
		return SpinTemplateMissing
	case errors.Is(err, pam.ErrDenied), errors.Is(err, pam.ErrSpinNotPermitted):
		return SpinNotPermitted
	}
	return SpinFailed
}

func (e *Engine) createSpinJob(ctx context.Context, template int64, c pam.Checkout) (int64, error) {
	settings, err := e.Source.JobSettings(ctx, e.Delegation, template)
	if err != nil {
		return 0, fmt.Errorf("template job %d: %w", template, err)
	}
	job, err := spinJob(settings, c.Credential, e.Clock().UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("template job %d: %w", template, err)
	}
	id, err := e.Source.CreatePasswordJob(ctx, e.Delegation, job)
	if err != nil {
		return 0, fmt.Errorf("spin job for %s: %w", c.Credential.Ref(), err)
	}
	comment := JobComment(e.Rules.JobComment, c.Identity)
	if comment == "" || id == 0 {
		return id, nil
	}
	return id, e.Source.SetJobComment(ctx, e.Delegation, id, comment)
}

// JobComment fills <username> with the identity that performed the check-out,
// wherever it stands and however often.
func JobComment(text string, as pam.Identity) string {
	return strings.ReplaceAll(text, "<username>", as.String())
}

// scheduleNow is RED IM's schedule type for a job that runs at once (wire
// protocol reference, section 7.1; likely).
const scheduleNow = 1

// spinJob clones a template's settings and overrides only the password, the
// members that name the endpoint, and the schedule.
func spinJob(template json.RawMessage, c pam.Credential, nowMilli int64) (json.RawMessage, error) {
	var job map[string]json.RawMessage
	if err := json.Unmarshal(template, &job); err != nil {
		return nil, pam.Failf(pam.ErrProtocol, "its settings are not an object")
	}
	delete(job, "JobID")
	account := c.Account
	if c.Kind == pam.KindDomain {
		account = c.Namespace + `\` + c.Account
	}
	override := []struct {
		in      string
		members map[string]any
	}{
		{"", map[string]any{"SystemList": c.System}},
		{"JobInfoBase", map[string]any{"NextRunTimeUTC": fmt.Sprintf("/Date(%d)/", nowMilli)}},
		{"ScheduleInfo", map[string]any{"ScheduleType": scheduleNow}},
		{"PasswordChangeSettings", map[string]any{"FullAccountName": account, "CurrentPassword": "", "ExplicitPassword": "", "PasswordChangeType": 0}},
	}
	for _, o := range override {
		if err := overrideMembers(job, o.in, o.members); err != nil {
			return nil, err
		}
	}
	return json.Marshal(job)
}

// overrideMembers sets members of job, or of its object member in.
func overrideMembers(job map[string]json.RawMessage, in string, members map[string]any) error {
	object := job
	if in != "" {
		object = map[string]json.RawMessage{}
		if raw, ok := job[in]; ok && string(raw) != "null" {
			if err := json.Unmarshal(raw, &object); err != nil {
				return pam.Failf(pam.ErrProtocol, "its member %s is not an object", in)
			}
		}
	}
	for name, v := range members {
		object[name], _ = json.Marshal(v) // strings and small integers always marshal
	}
	if in != "" {
		job[in], _ = json.Marshal(object)
	}
	return nil
}

// SpinPlan is what a check-in of c would do under the engine's rules.
func (e *Engine) SpinPlan(c pam.Credential) SpinPlan { return PlanSpin(c, e.Rules) }
