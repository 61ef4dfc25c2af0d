package vault

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
)

// CheckIn gives a credential back. Both events are on disk before it returns.
// ErrNotFound when the caller does not hold it. The rotator that the policy
// names is called afterwards, see DueRotation; when it fails, an event tells,
// and the credential is back all the same.
func (q *Session) CheckIn(ctx context.Context, _ pam.Identity, c pam.Credential, comment string) error {
	var given Lease
	err := q.service.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		if given, err = q.pick(ctx, tx, c, comment); err != nil {
			return err
		}
		return q.service.giveBack(ctx, tx, q.ask.Actor, given)
	})
	if err != nil {
		return err
	}
	if given.passedOn() {
		err := q.service.handBackOf(context.WithoutCancel(ctx), given)
		if q.ask.Later && errors.Is(err, pam.ErrPartial) {
			return nil
		}
		return err
	}
	if q.ask.Later {
		return nil
	}
	return q.service.rotateNow(context.WithoutCancel(ctx), given.CredentialID)
}

// pick finds the lease that a check-in means: the one that was named, else the
// one with the same comment, else the oldest.
func (q *Session) pick(ctx context.Context, tx Tx, c pam.Credential, comment string) (Lease, error) {
	if q.ask.Lease != "" {
		l, err := tx.Lease(ctx, q.ask.Lease)
		if err != nil || !q.mayEnd(l) || l.State != LeaseOpen {
			return l, notHeld(err, q.ask.Lease)
		}
		return l, nil
	}
	criteria := LeaseCriteria{State: LeaseOpen, Holder: &q.ask.Actor, Paging: Paging{Limit: MaxPage}}
	if q.ask.All {
		criteria.Holder = nil
	}
	credential, err := tx.CredentialNamed(ctx, c.System, c.Account)
	if err != nil {
		return Lease{}, notHeld(err, c.Ref())
	}
	criteria.CredentialID = credential.ID
	page, err := tx.Leases(ctx, criteria)
	if err != nil || len(page.Items) == 0 {
		return Lease{}, notHeld(err, c.Ref())
	}
	for _, l := range page.Items {
		if engine.WireComment(l.Checkout("")) == comment {
			return l, nil
		}
	}
	return page.Items[0], nil
}

func (q *Session) mayEnd(l Lease) bool {
	return l.Holder.Same(q.ask.Actor) || q.ask.All && q.ask.Actor.Kind == ActorAdmin
}

func notHeld(err error, ref string) error {
	if err != nil && !errors.Is(err, ErrAbsent) {
		return err
	}
	return pam.Failf(pam.ErrNotFound, "%s is not checked out", ref).WithHint("list what is open with: checkouts")
}

// giveBack ends an open lease on somebody's word.
func (s *Service) giveBack(ctx context.Context, tx Tx, a Actor, l Lease) error {
	l.State, l.Ended, l.Stamp = LeaseReturned, s.now(), s.touch(l.Stamp, a)
	if err := tx.ChangeLease(ctx, l); err != nil {
		return changedMeanwhile(err, "checkout", l.ID)
	}
	if err := s.follow(ctx, tx, l); err != nil {
		return err
	}
	done := s.leaseEvent(audit.CheckinOutcome, a, l)
	done.Outcome = audit.OutcomeDone
	return s.record(ctx, tx, s.leaseEvent(audit.CheckinIntent, a, l), done)
}

// expire ends a lease whose time is over.
func (s *Service) expire(ctx context.Context, tx Tx, l Lease) (audit.Event, error) {
	l.State, l.Ended, l.Stamp = LeaseExpired, s.now(), s.touch(l.Stamp, vaultActor())
	e := s.leaseEvent(audit.LeaseExpired, vaultActor(), l)
	e.Outcome = audit.OutcomeDone
	if err := tx.ChangeLease(ctx, l); err != nil {
		return e, err
	}
	return e, s.follow(ctx, tx, l)
}

// follow notes what follows from the end of a lease.
func (s *Service) follow(ctx context.Context, tx Tx, l Lease) error {
	if l.passedOn() {
		return s.owe(ctx, tx, l)
	}
	return s.dueAfter(ctx, tx, l)
}

func (s *Service) leaseEvent(kind audit.Kind, a Actor, l Lease) audit.Event {
	e := s.event(kind, a)
	e.CredentialID, e.Credential, e.Lease, e.Request = l.CredentialID, l.Credential, l.ID, l.RequestID
	e.Reason, e.Comment, e.Ticket = l.Reason, l.Comment, l.Ticket
	if l.Holder.Kind == ActorIntegration {
		e.IntegrationID, e.Integration = l.Holder.ID, l.Holder.Name
	}
	return e
}

// Leases searches. An empty cursor begins, and Next of a page goes on.
func (s *Service) Leases(ctx context.Context, c LeaseCriteria, cursor string) (Page[Lease], error) {
	bare := c
	bare.Paging = c.bare()
	var err error
	if c.Paging, err = c.Paging.normalise(cursor, bare); err != nil {
		return Page[Lease]{}, err
	}
	return view(ctx, s, func(ctx context.Context, r Reader) (Page[Lease], error) { return r.Leases(ctx, c) })
}

// Lease finds one by its id.
func (s *Service) Lease(ctx context.Context, id string) (Lease, error) {
	l, err := glance(ctx, s, func(ctx context.Context, r Reader) (Lease, error) { return r.Lease(ctx, id) })
	return l, found(err, "checkout", id, "checkouts")
}

// Extend moves the end of the caller's lease to hold after its beginning. ErrDenied
// beyond what the caller may hold it for.
func (q *Session) Extend(ctx context.Context, id string, hold time.Duration) (Lease, error) {
	var is Lease
	err := q.service.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.LockRules(ctx); err != nil {
			return err
		}
		l, err := tx.Lease(ctx, id)
		now := q.service.now()
		if err != nil || !l.Holder.Same(q.ask.Actor) || l.State != LeaseOpen || !now.Before(l.Due) {
			return notHeld(err, id)
		}
		a := &attempt{Session: q}
		a.now, a.actor, a.want = now, q.ask.Actor, hold
		c, err := tx.LockCredential(ctx, l.CredentialID)
		if err != nil {
			return notHeld(err, id)
		}
		a.credential = &c
		skipped, err := a.extendable(ctx, tx, l)
		if err != nil {
			return err
		}
		was := l.Due
		l.Due, l.Stamp = l.At.Add(hold), q.service.touch(l.Stamp, q.ask.Actor)
		if !l.Due.After(was) {
			return pam.Failf(pam.ErrUsage, "checkout %s lasts until %s already", id, timeOrNone(was)).WithHint("give more hours, counted from its beginning")
		}
		if err := tx.ChangeLease(ctx, l); err != nil {
			return changedMeanwhile(err, "checkout", id)
		}
		l.Version++
		is = l
		e := q.service.leaseEvent(audit.CheckoutExtended, q.ask.Actor, l)
		e.Outcome, e.Changes = audit.OutcomeDone, []audit.Change{{Field: "due", Old: timeOrNone(was), New: timeOrNone(l.Due)}}
		return q.service.record(ctx, tx, append(skipped, e)...)
	})
	return is, err
}

// extendable refuses what a check-out would be refused now. Beyond what was approved,
// a lease lasts only if nobody has to approve, or that may be skipped; the event of
// that is returned.
func (a *attempt) extendable(ctx context.Context, tx Tx, l Lease) (skipped []audit.Event, err error) {
	if err := a.rules(ctx, tx); err != nil {
		return nil, err
	}
	if err := a.admit(); err != nil {
		return nil, err
	}
	if _, err := a.hold(); err != nil || a.policy.Approval.Needed == 0 {
		return nil, err
	}
	r, err := tx.Request(ctx, l.RequestID)
	switch {
	case err != nil && !errors.Is(err, ErrAbsent):
		return nil, err
	case a.want <= r.For:
		return nil, nil
	case !a.skips():
		return nil, pam.Failf(pam.ErrDenied, "%s hours for %s are not approved", FormatHours(a.want), l.Credential).WithHint("check it in, and ask for a check-out that lasts so long")
	}
	e := a.service.leaseEvent(audit.ApprovalSkipped, a.actor, l)
	e.Policy, e.Justification = a.policy.Name, a.integration.Skip.Justification
	return []audit.Event{e}, nil
}

// rules reads what the unit is decided by, which LockRules keeps as it is. An
// integration that is gone is none: admit refuses it.
func (a *attempt) rules(ctx context.Context, tx Tx) (err error) {
	policy, err := policyFor(ctx, tx, *a.credential)
	if a.policy = &policy; err != nil || a.actor.Kind != ActorIntegration {
		return err
	}
	i, err := tx.Integration(ctx, a.actor.ID)
	switch {
	case err == nil:
		a.integration = &i
	case errors.Is(err, ErrAbsent):
		a.integration = nil
	default:
		return err
	}
	holds, err := a.ask.Known.holds(ctx, tx, a.integration, a.now)
	if err == nil && !holds {
		err = ErrUnsure
	}
	return err
}
