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
	For        time.Duration // when it is to be back; 0 leaves that to the service
}

// CheckOut obtains the credential. The intent is in the journal before the
// service is asked, and the outcome before the secret is returned. ErrJournal
// when either can't be written: without the intent nothing is asked, without
// the outcome the credential is given back and no secret is returned.
// A failure that is also pam.ErrUncertain leaves the checkout intended: the
// service may hold it as checked out.
func (e *Engine) CheckOut(ctx context.Context, req CheckOutRequest) (pam.Checkout, pam.Release, error) {
	c := e.intent(req)
	if err := e.Journal.Append(ctx, c); err != nil {
		return c, pam.Release{}, err
	}
	release, err := e.Source.CheckOut(ctx, req.Identity, req.Credential, WireComment(c))
	if err != nil {
		return c, pam.Release{}, e.refused(ctx, c, err)
	}
	c.State, c.Due = pam.CheckoutOpen, due(c, req.For, release)
	if err := e.Journal.Append(context.WithoutCancel(ctx), c); err != nil {
		release.Secret.Wipe()
		return c, pam.Release{}, e.giveBack(ctx, c, err)
	}
	return c, release, nil
}

func (e *Engine) intent(req CheckOutRequest) pam.Checkout {
	c := pam.Checkout{
		ID: e.NewID(), Profile: e.Profile, Identity: req.Identity, Credential: req.Credential,
		Comment: req.Comment, Ticket: req.Ticket, At: e.Clock().UTC(), State: pam.CheckoutIntended,
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

// refused closes the intent when the failure is certain to have released
// nothing, and says what to do when it is not.
func (e *Engine) refused(ctx context.Context, c pam.Checkout, err error) error {
	if errors.Is(err, pam.ErrUncertain) || errors.Is(err, pam.ErrInterrupted) {
		f := pam.Failf(classOf(err), "check-out of %s: %w", c.Credential.Ref(), err)
		return f.WithHint("the service may hold it as checked out; give it back with: checkin %s", c.ID)
	}
	c.State = pam.CheckoutRefused
	if jerr := e.Journal.Append(context.WithoutCancel(ctx), c); jerr != nil {
		return errors.Join(err, jerr)
	}
	return err
}

func (e *Engine) giveBack(ctx context.Context, c pam.Checkout, cause error) error {
	err := e.Source.CheckIn(context.WithoutCancel(ctx), c.Identity, c.Credential, WireComment(c))
	if err != nil {
		return pam.Failf(pam.ErrJournal, "%w; giving %s back failed too: %v", cause, c.Credential.Ref(), err).
			WithHint("make room or repair the journal, then run: checkin %s", c.ID)
	}
	return pam.Failf(pam.ErrJournal, "%w; %s was given back and no secret shown", cause, c.Credential.Ref()).
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
