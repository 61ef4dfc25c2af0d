package vault_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

func (w *world) guarded(needed int, then vault.Fallback, approvers ...string) {
	w.Helper()
	w.policy(vault.PolicyEdit{Name: new("guarded"), Needed: new(needed), Approvers: &approvers, Timeout: new(2 * time.Hour), Then: &then})
	w.credential("web01/root", "guarded")
}

// asked checks out as alice, and returns the request that waits for it.
func (w *world) asked() vault.Request {
	w.Helper()
	_, got, err := w.checkOut(vault.Ask{Actor: admin("alice"), Reason: "upgrade"}, "web01/root", time.Hour)
	refused(w, err, pam.ErrPending, "requests approve")
	if got != "" {
		w.Error("a secret came before the approval")
	}
	page, err := w.Requests(w.Context(), vault.RequestCriteria{States: []vault.RequestState{vault.RequestPending}}, "")
	if err != nil || len(page.Items) != 1 {
		w.Fatalf("%v, %v", page, err)
	}
	return page.Items[0]
}

func TestAnApprovedRequestIsCollectedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.guarded(2, vault.ThenReject, "Bob", "carol", "dave")
	r := w.asked()
	if again := w.asked(); again.ID != r.ID || r.Reason != "upgrade" || r.Ticket != "CHG-1" || r.For != time.Hour {
		t.Errorf("%+v", again)
	}
	decide := func(who string, approve bool) error {
		_, err := w.Decide(t.Context(), admin(who), r.ID, approve, "fine")
		return err
	}
	refused(t, decide("ALICE", true), pam.ErrDenied, "your own")
	refused(t, decide("mallory", true), pam.ErrDenied, "no approver")
	if err := decide("bob", true); err != nil {
		t.Fatal(err)
	}
	refused(t, decide("BOB", true), pam.ErrConflict, "decided")
	w.asked()
	if err := decide("carol", true); err != nil {
		t.Fatal(err)
	}
	refused(t, decide("dave", false), pam.ErrConflict, "approved already")
	c, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if err != nil || got == "" || !c.Due.Equal(w.now.Add(time.Hour)) {
		t.Fatalf("%+v, %v", c, err)
	}
	if l := w.store.state.leases[c.ID]; l.RequestID != r.ID || l.Reason != "upgrade" {
		t.Errorf("%+v", l)
	}
	if r, err = w.Request(t.Context(), r.ID); err != nil || r.State != vault.RequestCollected || r.Lease != c.ID || len(r.Decisions) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	w.pass(2 * time.Hour)
	if again := w.asked(); again.ID == r.ID {
		t.Error("the request was used twice")
	}
	w.intact()
}

func TestOneDenialIsEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.guarded(2, vault.ThenAccept)
	r := w.asked()
	if r, err := w.Decide(t.Context(), admin("bob"), r.ID, false, "not now"); err != nil || r.State != vault.RequestRejected {
		t.Fatalf("%+v, %v", r, err)
	}
	if next := w.asked(); next.ID == r.ID {
		t.Error("a rejected request waits on")
	}
	if !strings.Contains(w.kinds(), "request.decided:denied request.closed:rejected") {
		t.Error(w.kinds())
	}
	w.intact()
}

func TestAWaitEndsWithoutAnyoneLooking(t *testing.T) {
	t.Parallel()
	for then, want := range map[vault.Fallback]vault.RequestState{vault.ThenReject: vault.RequestRejected, vault.ThenAccept: vault.RequestApproved} {
		w := newWorld(t)
		w.guarded(1, then)
		r := w.asked()
		w.pass(2 * time.Hour)
		page, err := w.Requests(t.Context(), vault.RequestCriteria{States: []vault.RequestState{want}}, "")
		if err != nil || len(page.Items) != 1 || page.Items[0].State != want {
			t.Errorf("%s: %+v, %v", then, page, err)
		}
		_, err = w.Decide(t.Context(), admin("bob"), r.ID, true, "")
		refused(t, err, pam.ErrConflict, string(want))
		_, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
		if then == vault.ThenAccept && (err != nil || got == "") {
			t.Error(err)
		}
		if then == vault.ThenReject {
			refused(t, err, pam.ErrPending, "request")
		}
		w.intact()
	}
}

func TestAnApprovalThatNobodyCollectsLapses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.guarded(1, vault.ThenReject)
	r := w.asked()
	if _, err := w.Decide(t.Context(), admin("bob"), r.ID, true, ""); err != nil {
		t.Fatal(err)
	}
	w.pass(vault.CollectWait)
	done, err := w.Maintain(t.Context())
	if err != nil || done.Settled != 1 || w.store.state.requests[r.ID].State != vault.RequestLapsed {
		t.Errorf("%+v, %v", done, err)
	}
	w.asked()
	w.intact()
}

func TestARequestIsDroppedByWhoMadeIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.guarded(1, vault.ThenReject)
	r := w.asked()
	other := w.integration(vault.IntegrationEdit{Name: new("other")})
	_, err := w.Drop(t.Context(), app(other), r.ID)
	refused(t, err, pam.ErrNotFound, r.ID)
	_, err = w.Decide(t.Context(), app(other), r.ID, true, "")
	refused(t, err, pam.ErrDenied, "may not decide")
	if r, err = w.Drop(t.Context(), admin("alice"), r.ID); err != nil || r.State != vault.RequestDropped {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = w.Drop(t.Context(), admin("alice"), r.ID)
	refused(t, err, pam.ErrConflict, "dropped")
	_, err = w.Decide(t.Context(), admin("bob"), "nothing", true, "")
	refused(t, err, pam.ErrNotFound, "nothing")
	_, _, err = w.checkOut(vault.Ask{Actor: admin("alice"), Request: r.ID}, "web01/root", 0)
	refused(t, err, pam.ErrNotFound, r.ID)
	w.intact()
}

func TestAJustificationSkipsTheApprovalWhileItHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.guarded(1, vault.ThenReject)
	i := w.integration(vault.IntegrationEdit{
		Name: new("nightly"), Grants: &[]vault.Pattern{{System: "*", Account: "*"}},
		Skip: &vault.Skip{Justification: "change board 7", Until: w.now.Add(3 * time.Hour)},
	})
	if _, _, err := w.checkOut(vault.Ask{Actor: app(i)}, "web01/root", time.Hour); err != nil {
		t.Fatal(err)
	}
	page, err := w.Skips(t.Context(), 0, "")
	if err != nil || len(page.Items) != 1 || page.Items[0].Event.Justification != "change board 7" || page.Items[0].Event.Integration != "nightly" || page.Items[0].Stale {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err := w.EditIntegration(t.Context(), admin("root"), "nightly", 0, vault.IntegrationEdit{Skip: &vault.Skip{Justification: "board 8", Until: w.now.Add(3 * time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Hour)
	if _, _, err := w.checkOut(vault.Ask{Actor: app(i)}, "web01/root", time.Hour); err != nil {
		t.Fatal(err)
	}
	if page, err = w.Skips(t.Context(), 0, ""); err != nil || len(page.Items) != 2 || !page.Items[0].Stale || page.Items[1].Stale {
		t.Errorf("%+v, %v", page, err)
	}
	w.pass(2 * time.Hour)
	if page, err = w.Skips(t.Context(), 0, ""); err != nil || !page.Items[1].Stale {
		t.Errorf("%+v, %v", page, err)
	}
	_, _, err = w.checkOut(vault.Ask{Actor: app(i)}, "web01/root", time.Hour)
	refused(t, err, pam.ErrPending, "request")
	w.intact()
}

// TestARequestMovesAsItsRulesSay walks at random and holds the request against
// the rules themselves.
func TestARequestMovesAsItsRulesSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		r := vault.Request{
			ID: "r", Requester: admin("alice"), Needed: rapid.IntRange(1, 3).Draw(rt, "needed"), State: vault.RequestPending, Until: now.Add(5 * time.Hour),
			Then: rapid.SampledFrom([]vault.Fallback{vault.ThenReject, vault.ThenAccept}).Draw(rt, "then"),
		}
		voted := map[string]bool{}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 8).Draw(rt, "pass")) * time.Hour)
			if r.Effective(now).State == vault.RequestApproved && rapid.Bool().Draw(rt, "collect") {
				r = collectInVain(rt, r.Effective(now))
			}
			who := rapid.SampledFrom([]string{"alice", "bob", "carol", "dave", "BOB"}).Draw(rt, "who")
			approve := rapid.Bool().Draw(rt, "approve")
			before := r.Effective(now)
			after, err := r.Decide(admin(who), now, approve, "")
			allowed := before.State == vault.RequestPending && who != "alice" && !voted[vault.Fold(who)]
			if (err == nil) != allowed {
				rt.Fatalf("%s on %+v: %v", who, before, err)
			}
			if err != nil {
				continue
			}
			voted[vault.Fold(who)] = true
			want := vault.RequestPending
			switch {
			case !approve:
				want = vault.RequestRejected
			case len(voted) >= r.Needed:
				want = vault.RequestApproved
			}
			if after.State != want || len(after.Decisions) != len(before.Decisions)+1 || len(r.Decisions) != len(before.Decisions) {
				rt.Fatalf("%+v became %+v", before, after)
			}
			r = after
		}
		end := r.Effective(now.Add(1000 * time.Hour))
		if end.State == vault.RequestPending || end.State == vault.RequestApproved {
			rt.Fatalf("a request waits for ever: %+v", end)
		}
	})
}

// collectInVain collects a request, by a check-out that comes to nothing.
func collectInVain(rt *rapid.T, r vault.Request) vault.Request {
	used := r.Collect("l1")
	if end := used.Effective(used.Until.Add(1000 * time.Hour)); end.State != vault.RequestCollected || end.Lease != "l1" {
		rt.Fatalf("collected, it became %+v", end)
	}
	_, decided := used.Decide(admin("erin"), r.Until.Add(-time.Hour), true, "")
	_, another := used.Reopen("l2")
	_, unused := r.Reopen("l1")
	for _, err := range []error{decided, another, unused} {
		if !errors.Is(err, pam.ErrConflict) {
			rt.Fatalf("%+v: %v", r, err)
		}
	}
	back, err := used.Reopen("l1")
	if err != nil || !reflect.DeepEqual(back, r) {
		rt.Fatalf("%+v came back as %+v, %v", r, back, err)
	}
	return back
}

// TestAPageOfRequestsIsFull has time reject every second request: a page of those
// that are pending holds as many as were asked for all the same, and all come
// once.
func TestAPageOfRequestsIsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const count = 21
	for n := range count {
		r := vault.Request{ID: fmt.Sprintf("r%02d", n), State: vault.RequestPending, Until: w.now.Add(time.Hour), Then: vault.ThenReject}
		if n%2 == 1 {
			r.Until = w.now
		}
		w.store.state.requests[r.ID] = r
	}
	for _, limit := range []int{1, 4, 10, 11, 50} {
		seen := ""
		for cursor := ""; ; {
			page, err := w.Requests(t.Context(), vault.RequestCriteria{States: []vault.RequestState{vault.RequestPending}, Paging: vault.Paging{Limit: limit}}, cursor)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Items {
				seen += r.ID[1:] + " "
			}
			if cursor = page.Next; cursor == "" {
				break
			}
			if len(page.Items) != limit {
				t.Errorf("a page of %d holds %d", limit, len(page.Items))
			}
		}
		if seen != "00 02 04 06 08 10 12 14 16 18 20 " {
			t.Errorf("limit %d: %s", limit, seen)
		}
	}
}
