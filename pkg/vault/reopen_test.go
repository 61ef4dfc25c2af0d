package vault_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// vouched is a world as passing makes it, where a check-out needs an approval.
func vouched(t *testing.T) (*world, *elsewhere) {
	t.Helper()
	w, there := passing(t)
	if _, _, err := w.EditPolicy(t.Context(), admin("root"), "several", 0, vault.PolicyEdit{Needed: new(1)}); err != nil {
		t.Fatal(err)
	}
	return w, there
}

// granted is a request of alice that bob has approved.
func (w *world) granted(ask vault.Ask) string {
	w.Helper()
	id := w.pending(ask)
	if _, err := w.Decide(w.Context(), admin("bob"), id, true, ""); err != nil {
		w.Fatal(err)
	}
	return id
}

func erinHasIt() error { return pam.Failf(pam.ErrCheckedOut, "erin has it").WithHint("ask erin") }

func (w *world) requestIs(id string, want vault.RequestState) vault.Request {
	w.Helper()
	r, err := w.Request(w.Context(), id)
	if err != nil || r.State != want || (r.Lease != "") != (want == vault.RequestCollected) {
		w.Errorf("request %s is %s with checkout %q, %v; want %s", id, r.State, r.Lease, err, want)
	}
	return r
}

func TestARefusalElsewhereGivesTheApprovalBack(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(*elsewhere){
		"somebody has it":       func(e *elsewhere) { e.refuse = erinHasIt() },
		"it never got there":    func(e *elsewhere) { e.refuse = pam.Failf(pam.ErrUnreachable, "%w", pam.ErrNotSent) },
		"it is not permitted":   func(e *elsewhere) { e.refuse = pam.Failf(pam.ErrDenied, "no") },
		"the look-up failed":    func(e *elsewhere) { e.look = func() error { return pam.Failf(pam.ErrUnreachable, "no answer") } },
		"the user is unknown":   func(e *elsewhere) { e.look = func() error { return pam.Failf(pam.ErrUserUnknown, "who is that") } },
		"the look-up was ended": func(e *elsewhere) { e.look = func() error { return pam.Failf(pam.ErrInterrupted, "interrupted") } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, there := vouched(t)
			ask := vault.Ask{Actor: admin("alice")}
			id := w.granted(ask)
			until := w.requestIs(id, vault.RequestApproved).Until
			refuse(there)
			for range 2 {
				w.pass(time.Hour)
				if c, got, err := w.checkOut(ask, "web01/root", 0); err == nil || got != "" || w.store.state.leases[c.ID].State == vault.LeaseOpen {
					t.Fatal("it was released")
				}
				if r := w.requestIs(id, vault.RequestApproved); !r.Until.Equal(until) || len(r.Decisions) != 1 {
					t.Errorf("%+v", r)
				}
			}
			there.refuse, there.look = nil, nil
			c, got, err := w.checkOut(ask, "web01/root", 0)
			if err != nil || got != canary {
				t.Fatal(err)
			}
			if r := w.requestIs(id, vault.RequestCollected); r.Lease != c.ID {
				t.Errorf("%+v", r)
			}
			if w.pending(ask); len(w.store.state.requests) != 2 {
				t.Error("it was collected twice")
			}
			w.toldReopened(id, 2)
			w.intact()
		})
	}
}

// toldReopened asserts that the events tell of so many check-outs of a request that
// came to nothing, each in the unit of its refusal, and of one that did not.
func (w *world) toldReopened(id string, times int) {
	w.Helper()
	collected, released, reopened := 0, 0, 0
	for n, r := range w.store.state.records {
		e := r.Event
		switch {
		case e.Request != id:
		case e.Kind == audit.RequestClosed && e.Outcome == "collected":
			collected++
		case e.Kind == audit.CheckoutOutcome && e.Outcome == audit.OutcomeReleased:
			released++
		case e.Kind == audit.RequestReopened:
			reopened++
			before := w.store.state.records[n-1].Event
			if e.Outcome != "approved" || e.Lease == "" || before.Kind != audit.CheckoutOutcome || before.Lease != e.Lease || !before.Time.Equal(e.Time) {
				w.Errorf("%+v after %+v", e, before)
			}
		}
	}
	if reopened != times || collected != times+1 || released != 1 {
		w.Errorf("%d collected, %d reopened, %d released: %s", collected, reopened, released, w.kinds())
	}
}

// TestWhatMayHaveBeenReleasedUsesTheApprovalUp looks at all that is not certain at
// the moment of the refusal: it does not become certain later.
func TestWhatMayHaveBeenReleasedUsesTheApprovalUp(t *testing.T) {
	t.Parallel()
	full := pam.Failf(pam.ErrJournal, "the disk is full")
	no := erinHasIt()
	for name, happen := range map[string]func(*world, *elsewhere){
		"its answer was lost":              func(_ *world, e *elsewhere) { e.refuse = pam.Failf(pam.ErrUnreachable, "cut off").Uncertain() },
		"it was interrupted":               func(_ *world, e *elsewhere) { e.refuse = pam.Failf(pam.ErrInterrupted, "interrupted") },
		"it failed in an unknown way":      func(_ *world, e *elsewhere) { e.refuse = errors.New("boom") },
		"its release could not be kept":    func(w *world, e *elsewhere) { e.during = func() { w.store.failNext(1, full) } },
		"its refusal could not be kept":    func(w *world, e *elsewhere) { e.refuse, e.during = no, func() { w.store.failNext(1, full) } },
		"nothing was asked, nor kept":      func(w *world, e *elsewhere) { e.look = func() error { w.store.failNext(1, full); return nil } },
		"it was checked in while it asked": func(w *world, e *elsewhere) { e.refuse, e.during = no, w.checkInAll },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, there := vouched(t)
			ask := vault.Ask{Actor: admin("alice")}
			id := w.granted(ask)
			happen(w, there)
			if _, got, err := w.checkOut(ask, "web01/root", 0); err == nil || got != "" {
				t.Fatal("it was released")
			}
			there.refuse, there.during, there.look = nil, nil, nil
			w.requestIs(id, vault.RequestCollected)
			w.pass(20 * time.Minute)
			if _, err := w.Maintain(t.Context()); err != nil || there.held != 0 || len(w.store.state.passages) != 0 {
				t.Errorf("%v, %d held there", err, there.held)
			}
			w.requestIs(id, vault.RequestCollected)
			if w.pending(ask); len(w.store.state.requests) != 2 || strings.Contains(w.kinds(), "reopened") {
				t.Error(w.kinds())
			}
			w.intact()
		})
	}
}

// checkInAll gives back all that is open, as who holds it.
func (w *world) checkInAll() {
	for _, l := range w.store.state.clone().leases {
		if l.State == vault.LeaseOpen {
			_ = w.checkIn(l.Holder.Name, l.ID) // it may not be back there
		}
	}
}

func TestAKeyIsFreeAgainWithItsApproval(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{"the key of the request": "k", "a key of its own": "other", "no key": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, there := vouched(t)
			id := w.granted(vault.Ask{Actor: admin("alice"), Key: "k", Digest: "d"})
			ask := vault.Ask{Actor: admin("alice"), Key: key, Digest: strings.Repeat("d", len(key))[:min(1, len(key))]}
			if key == "" {
				ask.Request = id
			}
			there.refuse = erinHasIt()
			for range 2 {
				_, _, err := w.checkOut(ask, "web01/root", 0)
				refused(t, err, pam.ErrCheckedOut, "erin")
			}
			there.refuse = nil
			first, got, err := w.checkOut(ask, "web01/root", 0)
			if err != nil || got != canary {
				t.Fatal(err)
			}
			again := ask
			if key == "" {
				again = vault.Ask{Actor: admin("alice"), Key: "k", Digest: "d"}
			}
			if _, got, err := w.checkOut(again, "web01/root", 0); err != nil || got != canary {
				t.Error("the same key is another check-out:", err)
			}
			again.Digest = "something else"
			_, _, err = w.checkOut(again, "web01/root", 0)
			refused(t, err, pam.ErrConflict, "key")
			if r := w.requestIs(id, vault.RequestCollected); r.Lease == "" || len(w.store.state.leases) != 3 || w.store.state.leases[r.Lease].State != vault.LeaseOpen {
				t.Errorf("%+v of %s, %d leases", r, first.ID, len(w.store.state.leases))
			}
			w.intact()
		})
	}
}

func TestAnApprovalThatComesBackTooLateHasLapsed(t *testing.T) {
	t.Parallel()
	w, there := vouched(t)
	ask := vault.Ask{Actor: admin("alice")}
	id := w.granted(ask)
	there.refuse, there.during = erinHasIt(), func() { w.pass(vault.CollectWait) }
	_, _, err := w.checkOut(ask, "web01/root", 0)
	refused(t, err, pam.ErrCheckedOut, "erin")
	w.requestIs(id, vault.RequestLapsed)
	if done, err := w.Maintain(t.Context()); err != nil || done.Settled != 1 || w.store.state.requests[id].State != vault.RequestLapsed {
		t.Errorf("%+v, %v", done, err)
	}
	if w.pending(ask); len(w.store.state.requests) != 2 {
		t.Error("it was collected too late")
	}
	if !strings.Contains(w.kinds(), "checkout.outcome:checked_out_by_other request.reopened:approved request.closed:lapsed") {
		t.Error(w.kinds())
	}
	w.intact()
}

// TestAnApprovalReleasesOnce has check-outs of one person refused elsewhere, lost,
// made within each other, repeated with keys, and given back, in any order: no
// approval releases more than one secret, and none is given back after it might have.
func TestAnApprovalReleasesOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w, there := vouched(t)
		asks := []vault.Ask{{Actor: admin("alice")}, {Actor: admin("alice"), Key: "k", Digest: "d"}, {Actor: admin("alice"), Key: "l", Digest: "d"}}
		outcomes := []error{nil, erinHasIt(), pam.Failf(pam.ErrUnreachable, "cut off").Uncertain()}
		inside := 0
		out := func(name string) {
			ask := rapid.SampledFrom(asks).Draw(rt, name)
			there.refuse = rapid.SampledFrom(outcomes).Draw(rt, name+" comes to")
			_, _, _ = w.checkOut(ask, "web01/root", time.Hour)
		}
		there.during = func() {
			if inside++; inside > 1 || !rapid.Bool().Draw(rt, "another inside") {
				inside--
				return
			}
			was := there.refuse
			out("inside")
			there.refuse, inside = was, inside-1
		}
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			w.pass(time.Duration(rapid.IntRange(0, 30).Draw(rt, "pass")) * time.Minute)
			switch rapid.SampledFrom([]string{"out", "out", "out", "approve", "approve", "in", "maintain"}).Draw(rt, "act") {
			case "out":
				out("ask")
			case "approve":
				w.approveAll()
			case "in":
				w.checkInAll()
			case "maintain":
				if _, err := w.Maintain(t.Context()); err != nil {
					rt.Fatal(err)
				}
			}
			w.releasedOnce(rt)
		}
		if _, err := w.Verify(t.Context()); err != nil {
			rt.Fatal(err)
		}
	})
}

func (w *world) approveAll() {
	for id, r := range w.store.state.clone().requests {
		if r.State == vault.RequestPending {
			_, _ = w.Decide(w.Context(), admin("bob"), id, true, "") // its time may be over
		}
	}
}

// releasedOnce holds what is recorded of each request against the promise.
func (w *world) releasedOnce(rt *rapid.T) {
	unsure, leases, open := map[string]bool{}, map[string]int{}, map[string]int{}
	for _, r := range w.store.state.records {
		e := r.Event
		if e.Kind == audit.CheckoutOutcome && (e.Outcome == audit.OutcomeReleased || e.Outcome == audit.OutcomeUnknown) {
			unsure[e.Request] = true
		}
		if e.Kind == audit.RequestReopened && unsure[e.Request] {
			rt.Fatalf("request %s is given back after a release: %s", e.Request, w.kinds())
		}
	}
	for id, l := range w.store.state.leases {
		r := w.store.state.requests[l.RequestID]
		if r.Lease == id {
			leases[r.ID]++
		} else if l.State == vault.LeaseOpen {
			open[r.ID]++
		}
	}
	for id, r := range w.store.state.requests {
		if (r.State == vault.RequestCollected) != (leases[id] == 1) || open[id] > 0 || unsure[id] && r.State != vault.RequestCollected {
			rt.Fatalf("request %s is %s of %q, %d open besides: %s", id, r.State, r.Lease, open[id], w.kinds())
		}
	}
}
