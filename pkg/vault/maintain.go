package vault

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
)

// Maintained counts what a round of maintenance did.
type Maintained struct {
	Expired    int // leases that ended
	Settled    int // requests whose time was over
	Tokens     int // that were no more good and were removed
	Returned   int // credentials of other sources that were given back there
	Owed       int // those that could not be; the next round tries again
	Rotated    int // credentials that have a new secret
	Unrotated  int // those whose rotator failed, or is not known here
	Checkpoint bool
}

// batch is how many rows one unit of maintenance changes, so that others get
// their turn.
const batch = 200

// Maintain does what time asks for, but for DropTokens: it ends overdue leases and
// waits, writes counts of refused attempts down, calls the rotators that are due,
// and signs a checkpoint when there are new events. It may be interrupted and
// repeated at will, and several may run at once.
func (s *Service) Maintain(ctx context.Context) (Maintained, error) {
	done, err := s.endAll(ctx)
	if err != nil {
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
	if done.Rotated, done.Unrotated, err = s.rotateDue(ctx, MaxPage); err != nil {
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

// CatchUp ends the leases and waits whose time was over while nobody looked, and
// calls one rotator that is due. It is for the start of every command: where
// there is nothing to do, it reads and writes nothing.
func (s *Service) CatchUp(ctx context.Context) (Maintained, error) {
	done, err := s.EndOverdue(ctx)
	if err != nil {
		return done, err
	}
	rotated, err := s.RotateOne(ctx)
	done.Rotated, done.Unrotated = rotated.Rotated, rotated.Unrotated
	return done, err
}

// EndOverdue ends the leases and waits whose time is over. It waits for no
// rotator. Where there is nothing to end, it reads once and writes nothing.
func (s *Service) EndOverdue(ctx context.Context) (Maintained, error) {
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

// RotateOne calls one rotator that is due, which may take RotatorTime. Several may
// run at once.
func (s *Service) RotateOne(ctx context.Context) (done Maintained, err error) {
	if len(s.rotators) == 0 {
		return done, nil
	}
	due, err := view(ctx, s, func(ctx context.Context, r Reader) ([]DueRotation, error) {
		return r.DueRotations(ctx, s.now().Add(time.Microsecond), 1)
	})
	if err != nil || len(due) == 0 {
		return done, err
	}
	done.Rotated, done.Unrotated, err = s.rotateDue(ctx, 1)
	return done, err
}

// endAll ends overdue leases and waits.
func (s *Service) endAll(ctx context.Context) (done Maintained, err error) {
	for {
		n, err := s.expireBatch(ctx)
		if err != nil {
			return done, err
		}
		done.Expired += n
		if n == 0 {
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
			return done, nil
		}
	}
}

func (s *Service) expireBatch(ctx context.Context) (int, error) {
	ended := 0
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		ended = 0
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
			events = append(events, e)
		}
		ended = len(events)
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

func (s *Service) recordAny(ctx context.Context, tx EventWriter, events []audit.Event) error {
	if len(events) == 0 {
		return nil
	}
	return s.record(ctx, tx, events...)
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
