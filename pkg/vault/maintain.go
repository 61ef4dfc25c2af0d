package vault

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
)

// Maintained counts what a round of maintenance did.
type Maintained struct {
	Expired    int // leases that ended
	Settled    int // requests whose time was over
	Tokens     int // that were no more good and were removed
	Returned   int // credentials of other sources that were given back there
	Owed       int // those that could not be; the next round tries again
	Checkpoint bool
}

// batch is how many rows one unit of maintenance changes, so that others get
// their turn.
const batch = 200

// tokenBatch is as batch; a token is a small row that nothing follows from.
const tokenBatch = 1000

// Maintain does what time asks for: it ends overdue leases and waits, removes
// tokens that have ended, writes counts of refused attempts down, and signs a
// checkpoint when there are new events. It may be interrupted and repeated at
// will, and several may run at once.
func (s *Service) Maintain(ctx context.Context) (Maintained, error) {
	done, err := s.endAll(ctx)
	if err != nil {
		return done, err
	}
	if done.Tokens, err = s.dropTokens(ctx); err != nil {
		return done, err
	}
	if events := s.refused.take(s.now(), false); len(events) > 0 {
		if err := s.recordRefused(ctx, events); err != nil {
			return done, err
		}
	}
	if done.Returned, done.Owed, err = s.handBackAll(ctx); err != nil {
		return done, err
	}
	done.Checkpoint, err = s.Checkpoint(ctx)
	return done, err
}

// Behind is how far the clock is behind the last event; 0 when it is not. A
// clock that was set back keeps leases open and waits for approval for longer.
func (s *Service) Behind(ctx context.Context) (time.Duration, error) {
	last, err := view(ctx, s, func(ctx context.Context, r Reader) (Page[audit.Record], error) {
		return r.Events(ctx, EventCriteria{Paging: Paging{Limit: 1}})
	})
	if err != nil || len(last.Items) == 0 {
		return 0, err
	}
	return max(0, last.Items[0].Event.Time.Sub(s.now())), nil
}

// CatchUp ends the leases and waits whose time was over while nobody looked. It
// is for the start of every command: where there is nothing to end, it reads
// once and writes nothing.
func (s *Service) CatchUp(ctx context.Context) (Maintained, error) {
	before := s.now().Add(time.Microsecond)
	overdue, err := view(ctx, s, func(ctx context.Context, r Reader) (bool, error) {
		leases, err := r.Leases(ctx, LeaseCriteria{State: LeaseOpen, Before: before, Paging: Paging{Limit: 1}})
		if err != nil || len(leases.Items) > 0 {
			return true, err
		}
		waits, err := r.Requests(ctx, RequestCriteria{States: []RequestState{RequestPending, RequestApproved}, Before: before, Paging: Paging{Limit: 1}})
		return len(waits.Items) > 0, err
	})
	if err != nil || !overdue {
		return Maintained{}, err
	}
	return s.endAll(ctx)
}

// endAll ends overdue leases and waits, and calls the rotators that follow.
func (s *Service) endAll(ctx context.Context) (Maintained, error) {
	var done Maintained
	var rotate []string
	for {
		ended, err := s.expireBatch(ctx)
		if err != nil {
			return done, err
		}
		done.Expired += len(ended)
		rotate = append(rotate, ended...)
		if len(ended) == 0 {
			break
		}
	}
	for {
		n, err := s.settleBatch(ctx)
		if err != nil {
			return done, err
		}
		done.Settled += n
		if n == 0 {
			break
		}
	}
	for _, id := range rotate {
		if err := s.rotateAfter(ctx, id); err != nil {
			return done, err
		}
	}
	return done, nil
}

// expireBatch returns the ids of the credentials whose leases it ended.
func (s *Service) expireBatch(ctx context.Context) ([]string, error) {
	var ended []string
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		ended = nil
		page, err := tx.Leases(ctx, LeaseCriteria{State: LeaseOpen, Before: s.now().Add(time.Microsecond), Paging: Paging{Limit: batch}})
		if err != nil {
			return err
		}
		var events []audit.Event
		for _, l := range page.Items {
			e, err := s.expire(ctx, tx, l)
			if errors.Is(err, ErrStale) {
				continue // somebody else has ended it
			}
			if err != nil {
				return err
			}
			events, ended = append(events, e), append(ended, l.CredentialID)
		}
		return s.recordAny(ctx, tx, events)
	})
	return ended, err
}

func (s *Service) settleBatch(ctx context.Context) (int, error) {
	settled := 0
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		settled = 0
		page, err := tx.Requests(ctx, RequestCriteria{States: []RequestState{RequestPending, RequestApproved}, Before: s.now().Add(time.Microsecond), Paging: Paging{Limit: batch}})
		if err != nil {
			return err
		}
		var events []audit.Event
		for _, r := range page.Items {
			_, e, err := s.settle(ctx, tx, r)
			if errors.Is(err, ErrStale) {
				continue
			}
			if err != nil {
				return err
			}
			events = append(events, e)
		}
		settled = len(events)
		return s.recordAny(ctx, tx, events)
	})
	return settled, err
}

// dropTokens removes the tokens whose time is over.
func (s *Service) dropTokens(ctx context.Context) (int, error) {
	for all := 0; ; {
		n := 0
		err := s.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			n, err = tx.RemoveTokens(ctx, s.now().Add(time.Microsecond), tokenBatch)
			return err
		})
		all += n
		if err != nil || n < tokenBatch {
			return all, err
		}
	}
}

func (s *Service) recordAny(ctx context.Context, tx EventWriter, events []audit.Event) error {
	if len(events) == 0 {
		return nil
	}
	return s.record(ctx, tx, events...)
}

// rotateAfter calls the rotator that the policy of a credential names. Its
// failure is kept as an event and returned by nobody.
func (s *Service) rotateAfter(ctx context.Context, credentialID string) error {
	var c Credential
	policy, err := view(ctx, s, func(ctx context.Context, r Reader) (_ Policy, err error) {
		if c, err = r.Credential(ctx, credentialID); err != nil {
			return Policy{}, err
		}
		return policyFor(ctx, r, c)
	})
	if errors.Is(err, ErrAbsent) || err == nil && policy.Rotator == "" {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.rotate(ctx, c, policy.Rotator); err != nil {
		e := s.credentialEvent(audit.CredentialRotated, vaultActor(), c)
		e.Outcome, e.Policy, e.Comment = string(classOf(err)), policy.Name, "rotator "+policy.Rotator+" failed"
		return s.store.Update(ctx, func(ctx context.Context, tx Tx) error { return s.record(ctx, tx, e) })
	}
	return nil
}

func (s *Service) rotate(ctx context.Context, c Credential, rotator string) error {
	with, ok := s.rotators[rotator]
	if !ok {
		return pam.Failf(pam.ErrNotFound, "there is no rotator %q here", rotator).WithHint("choose another in the policy, or none")
	}
	fresh, err := with.Rotate(ctx, c)
	if err != nil {
		return err
	}
	_, err = s.EditCredential(ctx, vaultActor(), c.ID, 0, CredentialEdit{Secret: fresh})
	return err
}

// Checkpoint signs what all chains are now. It reports whether it did: with no
// new events it does not.
func (s *Service) Checkpoint(ctx context.Context) (bool, error) {
	signed := false
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		signed = false
		heads, err := tx.Heads(ctx)
		if err != nil || len(heads) == 0 {
			return err
		}
		for n := range heads {
			heads[n].MAC = audit.Hash{}
		}
		last, err := tx.LastCheckpoint(ctx)
		if errors.Is(err, ErrAbsent) {
			err = nil
		}
		if err != nil || sameHeads(last.Heads, heads) {
			return err
		}
		c := audit.Checkpoint{Time: s.now(), Heads: heads}
		_ = s.ring.sign.Reveal(func(seed []byte) error { c = c.Sign(ed25519.NewKeyFromSeed(seed)); return nil })
		signed = true
		return tx.AddCheckpoint(ctx, c)
	})
	return signed, err
}

func sameHeads(a, b []audit.Head) bool {
	if len(a) != len(b) {
		return false
	}
	for n := range a {
		if a[n] != b[n] {
			return false
		}
	}
	return true
}
