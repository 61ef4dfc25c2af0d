package vault

import (
	"context"
	"errors"

	"github.com/redim-tools/redim/pkg/pam"
)

// ErrKeyReused stands beside a conflict: the idempotency key was used to ask for
// something else.
var ErrKeyReused = errors.New("the idempotency key was used for another check-out")

// ErrUncollected stands beside a request that can't be collected, because it is
// another's, is over, or is being collected at this moment.
var ErrUncollected = errors.New("the request can't be collected")

// repeated finds what an earlier check-out with the same key came to, whose
// answer was lost: its lease, which is released again; or a request that waits.
// The refusal says why the key can't be used as it is.
func (a *attempt) repeated(ctx context.Context, tx Tx) (again bool, refusal, err error) {
	if a.ask.Key == "" || a.ask.Request != "" {
		return false, nil, nil
	}
	leases, err := tx.Leases(ctx, LeaseCriteria{Holder: &a.actor, Key: a.ask.Key, Paging: Paging{Limit: 1}})
	if err != nil {
		return false, nil, err
	}
	if len(leases.Items) > 0 {
		a.lease = leases.Items[0]
		if refusal := a.reused(); refusal != nil {
			return true, refusal, nil
		}
		return true, nil, a.resume(ctx, tx)
	}
	waits, err := tx.Requests(ctx, RequestCriteria{Requester: &a.actor, Key: a.ask.Key, Paging: Paging{Limit: 1}})
	if err != nil || len(waits.Items) == 0 {
		return false, nil, err
	}
	return false, a.asked(waits.Items[0]), nil
}

// reused refuses a key whose lease is not what is asked for now.
func (a *attempt) reused() error {
	l := a.lease
	switch {
	case l.Digest != a.ask.Digest || l.CredentialID != a.credential.ID:
		return a.otherwise("checkout " + l.ID)
	case l.State == LeaseOpen && l.Secret == a.credential.Secret && a.now.Before(l.Due):
		return a.admit()
	}
	return pam.Failf(pam.ErrConflict, "the idempotency key was used for checkout %s of %s, which is %s", l.ID, l.Credential, l.State).
		WithHint("use a new key for a new check-out")
}

// asked refuses a key whose request is another one, or is over.
func (a *attempt) asked(r Request) error {
	switch is := r.Effective(a.now); {
	case r.Digest != a.ask.Digest || r.CredentialID != a.credential.ID:
		return a.otherwise("request " + r.ID)
	case is.State != RequestPending && is.State != RequestApproved:
		return pam.Failf(pam.ErrConflict, "the idempotency key was used for request %s, which is %s", r.ID, is.State).
			WithHint("use a new key for a new check-out")
	}
	return nil
}

func (a *attempt) otherwise(what string) error {
	return pam.Failf(pam.ErrConflict, "%w: %s", ErrKeyReused, what).WithHint("use a new key for a new check-out")
}

// uncollected answers who came to collect a request that can't be.
func (a *attempt) uncollected(ctx context.Context, tx Tx) (outcome, error) {
	if a.request != nil {
		return a.wait(ctx, tx)
	}
	f := pam.Failf(pam.ErrNotFound, "request %q is not waiting for you", a.ask.Request).WithHint("list yours with: requests list")
	f.Err = ErrUncollected
	return a.finish(ctx, tx, prepared{}, f)
}
