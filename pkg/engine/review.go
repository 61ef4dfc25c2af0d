package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// maxClockOffset is how far the service's clock may be off without a warning.
const maxClockOffset = time.Minute

// Review looks at a finding the way an administrator would and returns what
// deserves a warning: ErrCheckedOut, ErrSpinNotPermitted, ErrNoTemplateJob,
// ErrClockSkew, ErrUnattested: one for each credential that someone else holds,
// one for each type of credential whose spin would fail, and one for each fact.
// It reads template jobs, each once in the life of the engine, and nothing else.
func (e *Engine) Review(ctx context.Context, f Finding) []*pam.Failure {
	var warnings []*pam.Failure
	for _, c := range f.Credentials {
		if c.CheckedOutBy != "" && !e.isHolder(f.Identity, c.CheckedOutBy) {
			warnings = append(warnings, pam.Failf(pam.ErrCheckedOut, "%s is checked out by %s", c.Ref(), c.CheckedOutBy).
				WithHint("ask them to check it in, or wait until their time is up"))
		}
	}
	warnings = append(warnings, e.reviewSpins(ctx, f)...)
	return append(warnings, e.reviewFacts()...)
}

// isHolder reports whether holder, as the service writes it, is the identity.
func (e *Engine) isHolder(id pam.Identity, holder string) bool {
	other, err := pam.ParseUser(holder)
	if err != nil {
		return equalFold(holder, id.String())
	}
	return inDomain(other.Domain, other.Name, byUser, e.Rules.DomainMap).Identity.Equal(id)
}

// reviewSpins warns of each credential type whose spin would come to nothing.
func (e *Engine) reviewSpins(ctx context.Context, f Finding) []*pam.Failure {
	var warnings []*pam.Failure
	seen := map[pam.StoreType]bool{}
	for _, c := range f.Credentials {
		plan := PlanSpin(c, e.Rules)
		if (plan.Reason != "" && plan.Reason != SpinNoTemplate) || seen[c.Type] {
			continue
		}
		seen[c.Type] = true
		if w := e.reviewTemplate(ctx, c, plan); w != nil {
			warnings = append(warnings, w)
		}
	}
	return warnings
}

func (e *Engine) reviewTemplate(ctx context.Context, c pam.Credential, plan SpinPlan) *pam.Failure {
	if plan.Reason == SpinNoTemplate {
		return pam.Failf(pam.ErrNoTemplateJob, "no template job for credentials of type %s, such as %s", c.Type, c.Ref()).
			WithHint("create a password-change job of that type and set template_jobs.%s to its id", c.Type)
	}
	switch err := e.templates.check(ctx, e, plan.Template); {
	case err == nil, ctx.Err() != nil:
		return nil //nolint:nilerr // an interrupted question warns of nothing
	case errors.Is(err, pam.ErrNotFound):
		return pam.Failf(pam.ErrNoTemplateJob, "template job %d for type %s does not exist", plan.Template, c.Type).
			WithHint("set template_jobs.%s to the id of an existing password-change job", c.Type)
	case errors.Is(err, pam.ErrDenied), errors.Is(err, pam.ErrSpinNotPermitted):
		return pam.Failf(pam.ErrSpinNotPermitted, "%s may not read template job %d", e.Delegation, plan.Template).
			WithHint("give the delegation identity the permission All Access, or switch spin_jobs off")
	default:
		return pam.Failf(pam.ErrSpinNotPermitted, "template job %d can't be read: %w", plan.Template, err).
			WithHint("see the cause; look-ups and check-outs are not affected")
	}
}

func (e *Engine) reviewFacts() []*pam.Failure {
	if e.Facts == nil {
		return nil
	}
	var warnings []*pam.Failure
	if offset, ok := e.Facts.ClockOffset(); ok && offset.Abs() > maxClockOffset {
		warnings = append(warnings, pam.Failf(pam.ErrClockSkew, "the service's clock is %s", aheadOrBehind(offset)).
			WithHint("set both clocks by the same time source; tokens may seem expired or not yet valid"))
	}
	if ops := e.Facts.Unattested(); len(ops) > 0 {
		warnings = append(warnings, pam.Failf(pam.ErrUnattested, "operations that no public material attests are in use: %s", strings.Join(ops, ", ")).
			WithHint("if one fails on your installation, name its own operation in dialect_operations"))
	}
	return warnings
}

func aheadOrBehind(offset time.Duration) string {
	if offset > 0 {
		return offset.Round(time.Second).String() + " ahead of ours"
	}
	return (-offset).Round(time.Second).String() + " behind ours"
}
