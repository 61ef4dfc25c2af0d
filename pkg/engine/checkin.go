package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// CheckInResult tells what became of a check-in and of the spin after it.
type CheckInResult struct {
	Checkout pam.Checkout
	Absent   bool // the service did not hold it as checked out
	Spin     SpinResult
}

// CheckIn gives a checkout back, records it, and creates the spin job that the
// rules ask for. A spin that failed is reported in the result, never as an
// error: the credential is back. A checkout that the service no longer holds
// counts as given back, and nothing is spun for it. With ErrJournal the
// credential is back too, and the result says so; only the record lacks.
// ErrUsage when another service holds it; then nothing is asked of this one.
func (e *Engine) CheckIn(ctx context.Context, c pam.Checkout) (CheckInResult, error) {
	result := CheckInResult{Checkout: c}
	if err := e.holds(c); err != nil {
		return result, err
	}
	err := e.Source.CheckIn(ctx, c.Identity, c.Credential, WireComment(c))
	result.Absent = errors.Is(err, pam.ErrNotFound)
	if err != nil && !result.Absent {
		return result, err
	}
	result.Checkout.State, result.Checkout.Process = pam.CheckoutCheckedIn, 0
	plan := PlanSpin(c.Credential, e.Rules)
	if result.Absent {
		plan = SpinPlan{Reason: SpinAbsent}
	}
	result.Spin.Reason, result.Checkout.NoSpin = plan.Reason, string(plan.Reason)
	err = e.record(ctx, result.Checkout)
	if plan.Reason != "" {
		return result, err
	}
	result.Spin = e.spin(ctx, plan.Template, c)
	result.Checkout.SpinJob, result.Checkout.NoSpin = result.Spin.JobID, string(result.Spin.Reason)
	return result, e.record(ctx, result.Checkout)
}

// holds refuses a checkout of another service: this one may know nothing of it,
// or hold another of the same name.
func (e *Engine) holds(c pam.Checkout) error {
	if c.Service == "" || e.Service == "" || c.Service == e.Service {
		return nil
	}
	return pam.Failf(pam.ErrUsage, "%s was checked out at %s, but these settings are for %s", c.Credential.Ref(), c.Service, e.Service).
		WithHint("name the settings that it was made with, by --config or REDIM_CONFIG; or that address, with --set endpoint_url=URL")
}

// FindOpen picks the open checkout that id names, in full or by its beginning.
func FindOpen(open []pam.Checkout, id string) (pam.Checkout, error) {
	var fits []pam.Checkout
	for _, c := range open {
		if c.ID == id {
			return c, nil
		}
		if id != "" && strings.HasPrefix(c.ID, id) {
			fits = append(fits, c)
		}
	}
	switch len(fits) {
	case 1:
		return fits[0], nil
	case 0:
		return pam.Checkout{}, pam.Failf(pam.ErrNotFound, "no open checkout %q", id).WithHint(`the command "checkouts" lists what is open`)
	}
	return pam.Checkout{}, pam.Failf(pam.ErrUsage, "%q names %d open checkouts", id, len(fits)).WithHint("give more of the id")
}
