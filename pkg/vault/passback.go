package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
)

// passedOn reports whether the credential of a lease is kept elsewhere.
func (l Lease) passedOn() bool { return l.Secret == 0 }

// owe notes, when a lease ends, that its credential is to be given back where it
// is kept, unless another lease still holds it there. The credential is locked
// before others are looked for, as a check-out does.
func (s *Service) owe(ctx context.Context, tx Tx, l Lease) error {
	if !l.passedOn() {
		return nil
	}
	if _, err := tx.LockCredential(ctx, l.CredentialID); err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	all, err := tx.Passages(ctx, PassageCriteria{CredentialID: l.CredentialID})
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.LeaseID != l.ID {
			continue
		}
		if len(all) > 1 {
			return tx.RemovePassage(ctx, l.ID)
		}
		p.State, p.Look = PassageOwed, s.now()
		return tx.ChangePassage(ctx, p)
	}
	return nil
}

// handBack gives back, where it is kept, what a lease that has ended held there.
// Who calls it owns the passage until its time to look has come.
func (s *Service) handBack(ctx context.Context, p Passage) error {
	note := "nothing was checked out there"
	if p.Checkout.ID != "" {
		result, err := s.checkInThere(ctx, p)
		if err != nil {
			return errors.Join(err, s.handedBack(ctx, p, string(classOf(err)), err.Error()))
		}
		note = spinNote(result)
	}
	return s.handedBack(ctx, p, audit.OutcomeDone, note)
}

func (s *Service) checkInThere(ctx context.Context, p Passage) (engine.CheckInResult, error) {
	e, err := s.upstream(ctx, p.Source.Profile)
	if err != nil {
		return engine.CheckInResult{}, err
	}
	e.Journal = unwritten{}
	return e.CheckIn(ctx, p.Checkout)
}

// unwritten is the journal of a check-in whose record is its event.
type unwritten struct{}

func (unwritten) Append(context.Context, pam.Checkout) error   { return nil }
func (unwritten) Open(context.Context) ([]pam.Checkout, error) { return nil, nil }
func spinNote(r engine.CheckInResult) string {
	switch {
	case r.Absent:
		return "it was back there already"
	case r.Spin.Reason != "":
		return "no spin job: " + string(r.Spin.Reason)
	}
	return fmt.Sprintf("spin job %d", r.Spin.JobID)
}

// handedBack records how giving back went. Done, the passage is over; else
// maintenance tries again.
func (s *Service) handedBack(ctx context.Context, p Passage, outcome, note string) error {
	return s.store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error {
		l, err := tx.Lease(ctx, p.LeaseID)
		if err != nil {
			return err
		}
		if err := s.keepOrDrop(ctx, tx, p, l, outcome); err != nil {
			if errors.Is(err, ErrAbsent) {
				return nil // somebody else was as fast
			}
			return err
		}
		e := s.leaseEvent(audit.SourceReturned, vaultActor(), l)
		e.Outcome, e.Comment = outcome, p.Source.String()+": "+shortened(note)
		return s.record(ctx, tx, e)
	})
}

func (s *Service) keepOrDrop(ctx context.Context, tx Tx, p Passage, l Lease, outcome string) error {
	if outcome == audit.OutcomeDone {
		return tx.RemovePassage(ctx, p.LeaseID)
	}
	now := s.now()
	p.Look = now.Add(min(max(now.Sub(l.Ended)/2, retryAfter), retryAtLeast))
	return tx.ChangePassage(ctx, p)
}

// shortened is text as a comment can have it.
func shortened(text string) string {
	const most = 500
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// Maintenance leaves a service alone for half as long as it has not taken a
// credential back, within these bounds: so the record of events stays short.
const (
	retryAfter   = 2 * time.Minute
	retryAtLeast = time.Hour
)

// handBackAll gives back all that is due, and reports how many were and how many
// could not be.
func (s *Service) handBackAll(ctx context.Context) (done, failed int, err error) {
	for {
		mine, some, err := s.claim(ctx)
		if err != nil || !some {
			return done, failed, err
		}
		for _, p := range mine {
			if err := s.handBack(ctx, p); err != nil {
				failed++
			} else {
				done++
			}
		}
	}
}

// claim takes passages whose time has come, so that nobody else gives them back
// meanwhile. What was asked, and never came to an end, loses its lease.
func (s *Service) claim(ctx context.Context) (mine []Passage, some bool, err error) {
	const few = 20
	err = s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		mine = nil
		due, err := tx.Passages(ctx, PassageCriteria{Before: s.now().Add(time.Microsecond), Limit: few})
		if err != nil {
			return err
		}
		some = len(due) > 0
		for _, p := range due {
			if p.State == PassageAsked {
				if err := s.abandon(ctx, tx, p); err != nil {
					return err
				}
				continue
			}
			p.Look = s.now().Add(retryAfter)
			if err := tx.ChangePassage(ctx, p); err != nil {
				return err
			}
			mine = append(mine, p)
		}
		return nil
	})
	return mine, some, err
}

// abandon ends the lease of a check-out that was never answered.
func (s *Service) abandon(ctx context.Context, tx Tx, p Passage) error {
	l, err := tx.Lease(ctx, p.LeaseID)
	if err != nil || l.State != LeaseOpen {
		p.State, p.Look = PassageOwed, s.now()
		return errors.Join(err, tx.ChangePassage(ctx, p))
	}
	e, err := s.expire(ctx, tx, l)
	if err != nil {
		return err
	}
	result := s.leaseEvent(audit.CheckoutOutcome, vaultActor(), l)
	result.Outcome = audit.OutcomeUnknown
	return s.record(ctx, tx, result, e)
}

// handBackOf gives back what a lease held, right after it ended.
func (s *Service) handBackOf(ctx context.Context, l Lease) error {
	if !l.passedOn() || s.rehearses() {
		return nil
	}
	var mine []Passage
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		if mine, err = tx.Passages(ctx, PassageCriteria{LeaseID: l.ID}); err != nil || len(mine) == 0 {
			return err
		}
		mine[0].Look = s.now().Add(retryAfter)
		return tx.ChangePassage(ctx, mine[0])
	})
	if err != nil || len(mine) == 0 {
		return err
	}
	if err := s.handBack(ctx, mine[0]); err != nil {
		why := err.Error() // without its class: what is uncertain there is certain here
		return pam.Failf(pam.ErrPartial, "%s is checked in here, and not yet at %s: %s", l.Credential, mine[0].Source, why).
			WithHint("maintenance tries again from %s after on: that of a server, or vault maintain", retryAfter)
	}
	return nil
}
