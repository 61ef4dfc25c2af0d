package engine

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// CheckOutRequest asks for one credential that a look-up found.
type CheckOutRequest struct {
	Identity   pam.Identity // who yielded it
	Credential pam.Credential
	Comment    string
	Ticket     string
	Via        string        // as pam.Checkout has it
	For        time.Duration // when it is to be back; 0 leaves that to the service
}

// CheckOut obtains the credential. The intent is in the journal before the
// service is asked, and the outcome before the secret is returned. ErrJournal
// when either can't be written: without the intent nothing is asked, without
// the outcome the credential is given back and no secret is returned.
// A failure that is also pam.ErrUncertain leaves the checkout intended: the
// service may hold it as checked out. The checkout that is returned is in the
// state it came to, also beside an error.
func (e *Engine) CheckOut(ctx context.Context, req CheckOutRequest) (pam.Checkout, pam.Release, error) {
	c := e.intent(req)
	if err := e.Journal.Append(ctx, c); err != nil {
		return c, pam.Release{}, err
	}
	release, err := e.Source.CheckOut(ctx, req.Identity, req.Credential, WireComment(c))
	switch {
	case err != nil && mayHold(err):
		return c, pam.Release{}, e.uncertain(c, err)
	case err != nil:
		c.State, c.Process = pam.CheckoutRefused, 0
		return c, pam.Release{}, errors.Join(withHolder(c, err), e.record(ctx, c))
	}
	c.State, c.Due = pam.CheckoutOpen, due(c, req.For, release)
	if err := e.record(ctx, c); err != nil {
		release.Secret.Wipe()
		c, err = e.giveBack(ctx, c, err)
		return c, pam.Release{}, err
	}
	return c, release, nil
}

// Keep records that whoever has its secret keeps c: it stays open until somebody
// gives it back. Before that, the end of this process leaves it to a recovery.
// ErrJournal when it can't be recorded.
func (e *Engine) Keep(ctx context.Context, c pam.Checkout) error {
	c.Process = 0
	return e.record(ctx, c)
}

// withHolder adds who holds the credential, as far as the look-up knew.
func withHolder(c pam.Checkout, err error) error {
	if !errors.Is(err, pam.ErrCheckedOut) || c.Credential.CheckedOutBy == "" {
		return err
	}
	return pam.Failf(pam.ErrCheckedOut, "%s is checked out by %s: %w", c.Credential.Ref(), c.Credential.CheckedOutBy, err).
		WithHint("ask them to check it in, or wait until their time is up; an administrator may force the check-in")
}

// record writes what has happened already: the end of the caller does not stop it.
func (e *Engine) record(ctx context.Context, c pam.Checkout) error {
	return e.Journal.Append(context.WithoutCancel(ctx), c)
}

func (e *Engine) intent(req CheckOutRequest) pam.Checkout {
	c := pam.Checkout{
		ID: e.NewID(), Profile: e.Profile, Service: e.Service, Identity: req.Identity, Credential: req.Credential,
		Comment: req.Comment, Ticket: req.Ticket, Via: req.Via, At: e.Clock().UTC(), State: pam.CheckoutIntended, Process: e.Process,
	}
	c.Due = due(c, req.For, pam.Release{})
	return c
}

// due is the earlier of what was asked for and what the service allows.
func due(c pam.Checkout, wanted time.Duration, release pam.Release) time.Time {
	asked := c.At.Add(wanted)
	switch {
	case wanted > 0 && (release.Expires.IsZero() || asked.Before(release.Expires)):
		return asked
	default:
		return release.Expires
	}
}

// mayHold reports whether the service may have released the credential in
// spite of err. An error that is no failure of a known class tells nothing, so
// it may.
func mayHold(err error) bool {
	_, classed := errors.AsType[*pam.Failure](err)
	return !classed || errors.Is(err, pam.ErrUncertain) || classOf(err) == pam.ErrInterrupted
}

func (e *Engine) uncertain(c pam.Checkout, err error) error {
	f := pam.Failf(classOf(err), "check-out is uncertain: %w", err).Uncertain()
	return f.WithHint("the service may hold %s as checked out; give it back with: %s", c.Credential.Ref(), e.command("checkin "+c.ID))
}

// giveBack undoes a check-out whose outcome can't be recorded.
func (e *Engine) giveBack(ctx context.Context, c pam.Checkout, cause error) (pam.Checkout, error) {
	ctx = context.WithoutCancel(ctx)
	if err := e.Source.CheckIn(ctx, c.Identity, c.Credential, WireComment(c)); err != nil && !errors.Is(err, pam.ErrNotFound) {
		return c, pam.Failf(pam.ErrJournal, "%w; giving %s back failed too: %w", cause, c.Credential.Ref(), err).
			WithHint("make room or repair the journal, then run: %s", e.command("checkin "+c.ID))
	}
	c.State, c.Process = pam.CheckoutCheckedIn, 0
	_ = e.Journal.Append(ctx, c) // it may work again; if not, the intent that stays open says too much, not too little
	return c, pam.Failf(pam.ErrJournal, "%w; %s was given back and no secret shown", cause, c.Credential.Ref()).
		WithHint("make room or repair the journal, then try again")
}

// WireComment is the comment the service records: the ticket, then the words.
func WireComment(c pam.Checkout) string {
	switch {
	case c.Ticket == "":
		return c.Comment
	case c.Comment == "":
		return "[" + c.Ticket + "]"
	}
	return "[" + c.Ticket + "] " + c.Comment
}
