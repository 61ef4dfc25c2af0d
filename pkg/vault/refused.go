package vault

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
)

// The bounds of what is kept of refused attempts, and so of the events that a
// flood of them makes: in each round one at once for each address, and at its
// end one for each integration that was tried from there.
const (
	refusedRound     = time.Minute
	refusedAddresses = 100 // in one round; all others are counted as one
	refusedTargets   = 4   // of one address in one round; all others are counted as one
)

// refused counts refused attempts. Whether one is written down at once depends
// on the address alone, not on what was tried: the time it takes tells nothing.
type refused struct {
	mu    sync.Mutex
	since time.Time
	from  map[netip.Prefix]*refusedFrom
	done  []audit.Event // of rounds that have ended
}

// refusedFrom is what came from one address, or from one network of IPv6.
type refusedFrom struct {
	counts map[refusedTarget]int
	last   map[refusedTarget]audit.Event
}

type refusedTarget struct {
	integrationID string
	cause         Cause
}

// network is the part of an address that one caller is likely to have alone.
func network(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero prefix for no address
	return p
}

// turnAway makes a refusal and sees to its event. What ended by itself is
// everyday, and no event.
func (s *Service) turnAway(ctx context.Context, d Door, i Integration, cause Cause, detail string) error {
	r := refuse(d, i, cause, detail)
	if cause == CauseExpiredToken {
		return r
	}
	e := s.event(audit.IntegrationLoginRefused, d.Actor(i))
	e.Outcome, e.Reason, e.Comment = string(r.Failure.Class), string(cause), detail
	if i.ID == "" {
		e.Actor = "unknown"
	}
	if s.refused.add(e, refusedTarget{i.ID, cause}, network(d.From)) {
		r.Unrecorded = s.recordRefused(ctx, append(s.refused.take(e.Time, false), e))
	}
	return r
}

// RecordRefused writes down what is counted of refused attempts. It is for the
// end of a process; until then Maintain and later refusals see to that.
func (s *Service) RecordRefused(ctx context.Context) error {
	return s.recordRefused(ctx, s.refused.take(s.now(), true))
}

func (s *Service) recordRefused(ctx context.Context, events []audit.Event) error {
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) error { return s.recordAny(ctx, tx, events) })
	if err != nil {
		s.refused.back(events)
	}
	return err
}

// TurnAway refuses a log-in that was found wanting before it came here, and sees
// to its event. The detail is one line for the log, without secrets.
func (s *Service) TurnAway(ctx context.Context, d Door, cause Cause, detail string) error {
	if checkWords("detail", detail, maxWords) != nil {
		detail = "(what was wrong can't be shown)"
	}
	return s.turnAway(ctx, d.normal(), Integration{}, cause, detail)
}

// add counts an attempt, and reports whether it is to be written down now.
func (r *refused) add(e audit.Event, t refusedTarget, from netip.Prefix) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(e.Time)
	if r.from == nil {
		r.from, r.since = map[netip.Prefix]*refusedFrom{}, e.Time
	}
	f := r.from[from]
	if f == nil && len(r.from) > refusedAddresses {
		from, e.Address = netip.Prefix{}, ""
		f = r.from[from]
	}
	if f == nil {
		r.from[from] = &refusedFrom{counts: map[refusedTarget]int{}, last: map[refusedTarget]audit.Event{}}
		return true
	}
	f.count(e, t)
	return false
}

func (f *refusedFrom) count(e audit.Event, t refusedTarget) {
	if _, known := f.counts[t]; !known && len(f.counts) >= refusedTargets {
		t = refusedTarget{}
		e.Actor, e.IntegrationID, e.Integration, e.Reason, e.Comment = "several", "", "", "several", "several were tried"
	}
	f.counts[t]++
	f.last[t] = e
}

// turn begins a new round when the present one is over.
func (r *refused) turn(now time.Time) {
	if r.from == nil || now.Before(r.since.Add(refusedRound)) {
		return
	}
	for _, f := range r.from {
		for t, n := range f.counts {
			e := f.last[t]
			e.Call = ""
			e.Comment = fmt.Sprintf("%s; refused %d times more since %s", e.Comment, n, timeOrNone(r.since))
			r.done = append(r.done, e)
		}
	}
	r.from = nil
}

// back keeps what could not be written for later, as far as there is room.
func (r *refused) back(events []audit.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	room := max(0, refusedAddresses*(refusedTargets+2)-len(r.done))
	r.done = append(r.done, events[:min(room, len(events))]...)
}

// take hands out what is to be written, of the present round too if all is set.
func (r *refused) take(now time.Time, all bool) []audit.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	if all {
		now = r.since.Add(refusedRound)
	}
	r.turn(now)
	out := r.done
	r.done = nil
	return out
}
