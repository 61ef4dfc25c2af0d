package engine

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// Read obtains a credential without checking it out, whoever holds it: nothing
// is open afterwards, nothing is to be given back, and nothing is spun. That it
// is read is on disk before the service is asked; ErrJournal when that can't be.
// Only a plain refusal is recorded as one.
func (e *Engine) Read(ctx context.Context, req CheckOutRequest) (pam.Checkout, pam.Release, error) {
	c := e.intent(req)
	c.State, c.Process, c.Due = pam.CheckoutRead, 0, time.Time{}
	if err := e.Journal.Append(ctx, c); err != nil {
		return c, pam.Release{}, err
	}
	release, err := e.Source.Read(ctx, req.Identity, req.Credential)
	if err != nil && isRefusal(err) {
		c.State = pam.CheckoutRefused
		err = errors.Join(err, e.record(ctx, c))
	}
	return c, release, err
}

// isRefusal reports whether the service plainly released nothing.
func isRefusal(err error) bool {
	switch classOf(err) {
	case pam.ErrDenied, pam.ErrNotFound, pam.ErrUsage:
		return true
	}
	return false
}
