package engine

import (
	"context"
	"errors"
	"strings"
	"time"

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
// for its identity counts as given back, and nothing is spun for it. With
// ErrJournal the credential is back too, and the result says so; only the
// record lacks. ErrUsage when another service holds it; then nothing is asked
// of this one.
func (e *Engine) CheckIn(ctx context.Context, c pam.Checkout) (CheckInResult, error) {
	result := CheckInResult{Checkout: c}
	if err := e.holds(c); err != nil {
		return result, err
	}
	var err error
	if result.Absent, err = e.surrender(ctx, c); err == nil && result.Absent && e.mayArrive(ctx, c) {
		result.Absent, err = e.surrender(ctx, c)
	}
	if err != nil {
		return result, err
	}
	result.Checkout.State, result.Checkout.Back = pam.CheckoutCheckedIn, e.Clock().UTC()
	plan := PlanSpin(c.Credential, e.Rules)
	if result.Absent {
		plan = SpinPlan{Reason: SpinAbsent}
	}
	return e.follow(ctx, result, plan)
}

// underWay is how long the request of a command that was killed may still be on
// its way to the service.
const underWay = 5 * time.Second

// mayArrive waits, where an intent is so young that what it asked for may reach
// the service only after a first check-in did.
func (e *Engine) mayArrive(ctx context.Context, c pam.Checkout) bool {
	age := e.Clock().Sub(c.At)
	if e.Pause == nil || c.State != pam.CheckoutIntended || age >= underWay {
		return false
	}
	return e.Pause(ctx, underWay-max(age, 0)) == nil
}

// follow does what is planned after a check-in and records it.
func (e *Engine) follow(ctx context.Context, result CheckInResult, plan SpinPlan) (CheckInResult, error) {
	c := &result.Checkout
	if plan.Reason != "" {
		result.Spin.Reason = plan.Reason
		c.NoSpin, c.Process = string(plan.Reason), 0
		return result, e.record(ctx, *c)
	}
	c.NoSpin, c.Process = pam.SpinUnknown, e.Process // until the outcome is known this process answers for it
	err := e.record(ctx, *c)
	result.Spin = e.spin(ctx, plan.Template, *c)
	c.SpinJob, c.NoSpin, c.Process = result.Spin.JobID, string(result.Spin.Reason), 0
	if last := e.record(ctx, *c); last != nil {
		err = last
	}
	return result, err
}

// surrender has the service take a credential back. absent is that it no longer
// held it for c's identity. Where the answer leaves that open, the service is
// asked who holds the credential.
func (e *Engine) surrender(ctx context.Context, c pam.Checkout) (absent bool, err error) {
	err = e.Source.CheckIn(ctx, c.Identity, c.Credential, WireComment(c))
	switch {
	case err == nil:
		return false, nil
	case errors.Is(err, pam.ErrVague), errors.Is(err, pam.ErrUncertain):
		if now, seen := e.present(ctx, c); seen != nil || now.HolderUntold || e.isHolder(c.Identity, now.CheckedOutBy) {
			return false, err // nobody can tell, so the first answer stands
		}
		return errors.Is(err, pam.ErrVague), nil
	case errors.Is(err, pam.ErrNotFound), errors.Is(err, pam.ErrCheckedOut):
		return true, nil // ended, and perhaps somebody else's by now
	}
	return false, err
}

// present is a checkout's credential as the service has it now. ErrNotFound
// when it is not among those that the identity may see.
func (e *Engine) present(ctx context.Context, c pam.Checkout) (pam.Credential, error) {
	found, err := e.listed(ctx, c.Identity, c.Credential)
	for _, now := range found {
		if c.Credential.Kind == pam.KindDomain {
			now = ofDomain(now, c.Credential.System, e.Rules.DomainMap)
		}
		if now.Same(c.Credential) {
			return now, nil
		}
	}
	if err == nil {
		err = pam.Failf(pam.ErrNotFound, "%s is not listed for %s any more", c.Credential.Ref(), c.Identity).
			WithHint("look at it in RED IM: it may have been removed, renamed, or taken from the user")
	}
	return pam.Credential{}, err
}

func (e *Engine) listed(ctx context.Context, as pam.Identity, c pam.Credential) ([]pam.Credential, error) {
	if c.Kind == pam.KindShared {
		return e.Source.SharedEntries(ctx, as, c.List)
	}
	return e.Source.Stored(ctx, as, c.System)
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
	return pick(open, id, "open checkout", `the command "checkouts" lists what is open`)
}

// FindCheckout picks one of all checkouts so.
func FindCheckout(all []pam.Checkout, id string) (pam.Checkout, error) {
	return pick(all, id, "checkout", `the command "checkouts --all" lists what the journal still has`)
}

func pick(from []pam.Checkout, id, what, hint string) (pam.Checkout, error) {
	var fits []pam.Checkout
	for _, c := range from {
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
		return pam.Checkout{}, pam.Failf(pam.ErrNotFound, "no %s %q", what, id).WithHint("%s", hint)
	}
	return pam.Checkout{}, pam.Failf(pam.ErrUsage, "%q names %d %ss", id, len(fits), what).WithHint("give more of the id")
}
