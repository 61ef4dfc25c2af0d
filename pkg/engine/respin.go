package engine

import (
	"context"
	"errors"
	"strconv"

	"github.com/redim-tools/redim/pkg/pam"
)

// Recover brings a checkout to its end whose process is gone: it gives it back,
// or only spins its password where that alone is left. As for CheckIn, a spin
// that failed is no error.
func (e *Engine) Recover(ctx context.Context, c pam.Checkout) (CheckInResult, error) {
	if c.State != pam.CheckoutCheckedIn {
		return e.CheckIn(ctx, c)
	}
	result := CheckInResult{Checkout: c}
	if err := e.holds(c); err != nil {
		return result, err
	}
	switch err := e.free(ctx, &result.Checkout); {
	case errors.Is(err, pam.ErrNotFound):
		return e.follow(ctx, result, SpinPlan{Reason: SpinGone})
	case err != nil:
		return result, err
	}
	return e.follow(ctx, result, PlanSpin(result.Checkout.Credential, e.Rules))
}

// Spin creates the spin job of a checkout that was given back, once more or for
// the first time. Everything that keeps it from doing so is an error: ErrConflict
// when it is not back or an earlier job still may change the password,
// ErrCheckedOut when somebody holds the credential by now, ErrUsage when the
// rules ask for no spin, ErrNoTemplateJob, ErrSpinNotPermitted, and what the
// service's failures are.
func (e *Engine) Spin(ctx context.Context, c pam.Checkout) (CheckInResult, error) {
	result := CheckInResult{Checkout: c}
	plan, err := e.planAgain(ctx, &result.Checkout)
	if err != nil {
		return result, err
	}
	result, err = e.follow(ctx, result, plan)
	return result, errors.Join(respinFailure(result), err)
}

// PlanRespin is what Spin would do, and does nothing.
func (e *Engine) PlanRespin(ctx context.Context, c pam.Checkout) (SpinPlan, error) {
	return e.planAgain(ctx, &c)
}

func (e *Engine) planAgain(ctx context.Context, c *pam.Checkout) (SpinPlan, error) {
	if c.State != pam.CheckoutCheckedIn {
		return SpinPlan{}, pam.Failf(pam.ErrConflict, "%s is %s, and was not given back", c.Credential.Ref(), c.State).
			WithHint("give it back first, which spins it: %s", e.command("checkin "+c.ID))
	}
	if err := e.holds(*c); err != nil {
		return SpinPlan{}, err
	}
	if err := e.noJobYet(ctx, *c); err != nil {
		return SpinPlan{}, err
	}
	if err := e.free(ctx, c); err != nil {
		return SpinPlan{}, err
	}
	plan := PlanSpin(c.Credential, e.Rules)
	return plan, unplanned(c.Credential, plan.Reason)
}

// free finds out that nobody holds the credential, and how it is kept now.
func (e *Engine) free(ctx context.Context, c *pam.Checkout) error {
	now, err := e.present(ctx, *c)
	if err != nil {
		return err
	}
	if now.CheckedOutBy != "" {
		return pam.Failf(pam.ErrCheckedOut, "%s is checked out by %s", c.Credential.Ref(), now.CheckedOutBy).
			WithHint("a new password would end their work; it is spun when they give it back, or try again then")
	}
	c.Credential.Random, c.Credential.AutoSpin = now.Random, now.AutoSpin
	return nil
}

// noJobYet refuses to spin while the job before may still do it.
func (e *Engine) noJobYet(ctx context.Context, c pam.Checkout) error {
	if c.SpinJob == 0 {
		return nil
	}
	job, err := e.Source.JobStatus(ctx, e.Delegation, c.SpinJob)
	switch {
	case errors.Is(err, pam.ErrNotFound):
		return nil // it is gone
	case err != nil:
		return err
	case job.State == pam.JobFailed:
		return nil
	case job.State == pam.JobSucceeded:
		return pam.Failf(pam.ErrConflict, "job %d has changed the password of %s already", job.ID, c.Credential.Ref()).
			WithHint("see: %s", e.command("checkouts show "+c.ID))
	}
	return pam.Failf(pam.ErrConflict, "job %d for %s is %s", job.ID, c.Credential.Ref(), job.State).
		WithHint("wait for it with: %s", e.command("jobs watch "+strconv.FormatInt(job.ID, 10)))
}

// unplanned says why the rules ask for no spin.
func unplanned(c pam.Credential, reason SpinReason) error {
	switch reason {
	case "":
		return nil
	case SpinOff:
		return pam.Failf(pam.ErrUsage, "%s is not spun: spin_jobs is off", c.Ref()).WithHint("switch it on: config set spin_jobs true, or --set spin_jobs=true for this call")
	case SpinNoTemplate:
		return pam.Failf(pam.ErrNoTemplateJob, "%s is not spun: there is no template job for type %s", c.Ref(), c.Type).
			WithHint("create a password-change job of that type and set template_jobs.%s to its id", c.Type)
	case SpinNotAutoSpin:
		return pam.Failf(pam.ErrUsage, "%s is not spun: it is not set to auto-spin", c.Ref()).WithHint("set that in RED IM, or change the password there")
	}
	return pam.Failf(pam.ErrUsage, "%s is not spun: its password is not random", c.Ref()).WithHint("set that in RED IM, or change the password there")
}

// respinFailure is the failure of a spin that was asked for by itself.
func respinFailure(r CheckInResult) error {
	if !r.Spin.Failed() {
		return nil
	}
	class := classOf(r.Spin.Err)
	switch r.Spin.Reason {
	case SpinTemplateMissing:
		class = pam.ErrNoTemplateJob
	case SpinNotPermitted:
		class = pam.ErrSpinNotPermitted
	}
	return pam.Failf(class, "%w", r.Spin.Err).WithHint("%s", spinHint(r.Spin.Reason))
}

func spinHint(reason SpinReason) string {
	switch reason {
	case SpinTemplateMissing:
		return "set template_jobs to the id of an existing password-change job of the credential's type"
	case SpinNotPermitted:
		return "give the delegation identity the permission All Access"
	}
	return "see the cause, then try again"
}
