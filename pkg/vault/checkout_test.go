package vault_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestACheckOutIsLeaseIntentAndOutcomeInOneUnit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	before := w.kinds()
	c, got, err := w.checkOut(vault.Ask{Actor: admin("alice"), Reason: "restore"}, "WEB01/Backup", time.Hour)
	if err != nil || got != canary+" of web01/backup" || c.State != pam.CheckoutOpen || !c.Due.Equal(w.now.Add(time.Hour)) {
		t.Fatalf("%+v, %v", c, err)
	}
	if since := strings.TrimSpace(strings.TrimPrefix(w.kinds(), before)); since != "checkout.intent checkout.outcome:released" {
		t.Error(since)
	}
	l, ok := w.store.state.leases[c.ID]
	if !ok || l.Reason != "restore" || l.Comment != "nightly run" || l.Ticket != "CHG-1" || l.State != vault.LeaseOpen || !l.Exclusive {
		t.Errorf("%+v", l)
	}
	e := w.store.state.records[len(w.store.state.records)-1].Event
	if e.Lease != c.ID || e.Credential != "web01/backup" || e.Reason != "restore" || e.Ticket != "CHG-1" || !strings.HasPrefix(e.Released, "hmac-sha256:") || e.Actor != "alice" {
		t.Errorf("%+v", e)
	}
	w.intact()
}

func TestACheckInEndsTheLeaseAndAnotherIsNotHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	ask := vault.Ask{Actor: admin("alice")}
	if _, _, err := w.checkOut(ask, "web01/backup", 0); err != nil {
		t.Fatal(err)
	}
	e, session := w.engine(ask)
	open, err := session.Open(t.Context())
	if err != nil || len(open) != 1 || open[0].Credential.Ref() != "web01/backup" || !open[0].Due.Equal(w.now.Add(vault.DefaultHold)) {
		t.Fatalf("%+v, %v", open, err)
	}
	result, err := e.CheckIn(t.Context(), open[0])
	if err != nil || result.Absent || result.Checkout.State != pam.CheckoutCheckedIn {
		t.Fatalf("%+v, %v", result, err)
	}
	result, err = e.CheckIn(t.Context(), open[0])
	if err != nil || !result.Absent {
		t.Errorf("a second check-in: %+v, %v", result, err)
	}
	if open, err = session.Open(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%v, %v", open, err)
	}
	if !strings.HasSuffix(w.kinds(), "checkin.intent checkin.outcome:done") {
		t.Error(w.kinds())
	}
	w.intact()
}

func TestOneHolderAtATimeUnlessThePolicySaysSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("several"), Exclusive: new(false)})
	w.credential("web01/one", "")
	w.credential("web01/many", "Several")
	for _, who := range []string{"alice", "bob", "alice"} {
		if _, _, err := w.checkOut(vault.Ask{Actor: admin(who)}, "web01/many", 0); err != nil {
			t.Error(who, err)
		}
	}
	if _, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/one", 0); err != nil {
		t.Fatal(err)
	}
	c, got, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/one", 0)
	refused(t, err, pam.ErrCheckedOut, "alice")
	if got != "" || c.State != pam.CheckoutRefused {
		t.Errorf("%q %+v", got, c)
	}
	_, _, err = w.checkOut(vault.Ask{Actor: admin("ALICE")}, "web01/one", 0)
	refused(t, err, pam.ErrConflict, "you hold")
	if !strings.HasSuffix(w.kinds(), "checkout.intent checkout.outcome:checked_out_by_other checkout.intent checkout.outcome:conflict") {
		t.Error(w.kinds())
	}
	w.pass(vault.DefaultHold)
	if _, _, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/one", 0); err != nil {
		t.Error("the lease that ran out still holds:", err)
	}
	if !strings.HasSuffix(w.kinds(), "lease.expired:done checkout.intent checkout.outcome:released") {
		t.Error(w.kinds())
	}
	w.intact()
}

func TestAnIntegrationGetsWhatItsRecordAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("short"), Longest: new(time.Hour), Exclusive: new(false)})
	w.credential("web01/backup", "short")
	w.credential("db01/backup", "")
	i := w.integration(vault.IntegrationEdit{
		Name: new("nightly"), Reason: new("backups"), Comment: new("by contract"), Hours: new(2 * time.Hour), Grants: &[]vault.Pattern{{System: "web*", Account: "*"}},
	})
	ask := vault.Ask{Actor: app(i), Reason: "run 7"}
	c, _, err := w.checkOut(ask, "web01/backup", 0)
	if err != nil || !c.Due.Equal(w.now.Add(time.Hour)) {
		t.Fatalf("%+v, %v", c, err)
	}
	if l := w.store.state.leases[c.ID]; l.Reason != "backups; run 7" || l.Comment != "by contract; nightly run" || l.Holder.ID != i.ID {
		t.Errorf("%+v", l)
	}
	_, _, err = w.checkOut(ask, "web01/backup", 90*time.Minute)
	refused(t, err, pam.ErrDenied, "at most 1 hours")
	_, _, err = w.checkOut(ask, "db01/backup", 0)
	refused(t, err, pam.ErrDenied, "may not check out")
	_, _, err = w.checkOut(ask, "nowhere/backup", 0)
	refused(t, err, pam.ErrNotFound, "nowhere/backup")
	if _, err := w.EditIntegration(t.Context(), admin("root"), "nightly", 0, vault.IntegrationEdit{Active: new(false)}); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.checkOut(ask, "web01/backup", 0)
	refused(t, err, pam.ErrDenied, "not active")
	if _, err := w.DeleteIntegration(t.Context(), admin("root"), "NIGHTLY"); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.checkOut(ask, "web01/backup", 0)
	refused(t, err, pam.ErrDenied, "no more")
	page, err := w.Events(t.Context(), vault.EventCriteria{Integration: "Nightly"}, "")
	if err != nil || len(page.Items) < 8 || page.Items[0].Event.Outcome != "denied" {
		t.Errorf("%d events are left of it, %v", len(page.Items), err)
	}
	w.intact()
}

func TestTheLookUpOffersWhatTheCallerMayHave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	w.credential("web01/root", "")
	shared := w.credential("net/admin", "")
	for ref, edit := range map[string]vault.CredentialEdit{
		"net/admin": {Access: new(vault.AccessShared)}, "web01/root": {Endpoints: &[]string{"web02", "WEB03", "web02"}},
	} {
		if _, err := w.EditCredential(t.Context(), admin("root"), ref, 0, edit); err != nil {
			t.Fatal(err)
		}
	}
	i := w.integration(vault.IntegrationEdit{Name: new("nightly"), Grants: &[]vault.Pattern{{System: "*", Account: "backup"}, {System: "net", Account: "*"}}})
	bare := w.integration(vault.IntegrationEdit{Name: new("bare")})
	if _, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/backup", 0); err != nil {
		t.Fatal(err)
	}
	list := func(a vault.Actor, system string) string {
		_, session := w.engine(vault.Ask{Actor: a})
		found, err := session.Stored(t.Context(), pam.Identity{}, system)
		if err != nil {
			t.Error(err)
		}
		var out []string
		for _, c := range found {
			out = append(out, c.Ref()+" "+c.CheckedOutBy)
		}
		return strings.Join(out, ",")
	}
	for _, c := range []struct {
		actor        vault.Actor
		system, want string
	}{
		{admin("bob"), "WEB01", "web01/backup alice,web01/root "}, {admin("alice"), "web01", "web01/backup ,web01/root "},
		{admin("bob"), "web03", "web01/root "}, {admin("bob"), "web", ""}, {app(i), "web01", "web01/backup alice"}, {app(bare), "web01", ""},
	} {
		if got := list(c.actor, c.system); got != c.want {
			t.Errorf("%s for %s: %q, not %q", c.actor.Name, c.system, got, c.want)
		}
	}
	_, session := w.engine(vault.Ask{Actor: app(i)})
	lists, _ := session.SharedLists(t.Context(), pam.Identity{})
	found, err := session.SharedEntries(t.Context(), pam.Identity{}, lists[0])
	if err != nil || len(found) != 1 || found[0].Ref() != "shared: net/admin" || found[0].LastChanged.IsZero() {
		t.Errorf("%v of %s, %v", found, shared.Ref(), err)
	}
	_, err = session.SharedEntries(t.Context(), pam.Identity{}, "other")
	refused(t, err, pam.ErrNotFound, "other")
}

func TestTheSameKeyGetsTheSameCheckOutAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	w.credential("web01/root", "")
	ask := vault.Ask{Actor: admin("alice"), Key: "k-1"}
	first, got, err := w.checkOut(ask, "web01/backup", 0)
	if err != nil {
		t.Fatal(err)
	}
	_, again, err := w.checkOut(ask, "web01/backup", 0)
	if err != nil || again != got || len(w.store.state.leases) != 1 {
		t.Errorf("%v, %d leases", err, len(w.store.state.leases))
	}
	if last := w.store.state.records[len(w.store.state.records)-1].Event; last.Lease != first.ID || last.Outcome != "released" {
		t.Errorf("the second release names %s, not %s", last.Lease, first.ID)
	}
	_, _, err = w.checkOut(ask, "web01/root", 0)
	refused(t, err, pam.ErrConflict, "idempotency key")
	w.intact()
}

func TestNothingIsReleasedWhenTheUnitIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	events := len(w.store.state.records)
	w.store.fail = pam.Failf(pam.ErrJournal, "the disk is full").WithHint("make room")
	c, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/backup", 0)
	refused(t, err, pam.ErrJournal, "full")
	if got != "" || c.State != pam.CheckoutRefused || len(w.store.state.leases) != 0 || len(w.store.state.records) != events {
		t.Errorf("%q %+v", got, c)
	}
	w.store.fail = errors.New("the connection broke while it was kept")
	c, _, err = w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/backup", 0)
	if !errors.Is(err, pam.ErrUncertain) || c.State != pam.CheckoutIntended {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestACheckInMeansTheLeaseThatFitsBest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("several"), Exclusive: new(false)})
	w.credential("web01/many", "several")
	e, session := w.engine(vault.Ask{Actor: admin("alice")})
	var ids []string
	for _, comment := range []string{"one", "two", "three"} {
		c, _, err := e.CheckOut(t.Context(), engine.CheckOutRequest{Credential: pam.Credential{System: "web01", Account: "many"}, Comment: comment})
		if err != nil {
			t.Fatal(err)
		}
		w.pass(time.Minute)
		ids = append(ids, c.ID)
	}
	state := func(n int) vault.LeaseState { return w.store.state.leases[ids[n]].State }
	if err := session.CheckIn(t.Context(), pam.Identity{}, pam.Credential{System: "web01", Account: "many"}, "two"); err != nil || state(1) != vault.LeaseReturned {
		t.Error(err, state(1))
	}
	if err := session.CheckIn(t.Context(), pam.Identity{}, pam.Credential{System: "web01", Account: "many"}, "else"); err != nil || state(0) != vault.LeaseReturned {
		t.Error(err, state(0))
	}
	_, other := w.engine(vault.Ask{Actor: admin("bob"), Lease: ids[2]})
	refused(t, other.CheckIn(t.Context(), pam.Identity{}, pam.Credential{}, ""), pam.ErrNotFound, ids[2])
	_, other = w.engine(vault.Ask{Actor: admin("bob"), Lease: ids[2], All: true})
	if err := other.CheckIn(t.Context(), pam.Identity{}, pam.Credential{}, ""); err != nil || state(2) != vault.LeaseReturned {
		t.Error(err, state(2))
	}
	refused(t, other.CheckIn(t.Context(), pam.Identity{}, pam.Credential{}, ""), pam.ErrNotFound, ids[2])
	w.intact()
}

func TestALeaseIsExtendedUpToTheMostAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	i := w.integration(vault.IntegrationEdit{Name: new("nightly"), Hours: new(4 * time.Hour), Grants: &[]vault.Pattern{{System: "*", Account: "*"}}})
	ask := vault.Ask{Actor: app(i)}
	c, _, err := w.checkOut(ask, "web01/backup", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, session := w.engine(ask)
	l, err := session.Extend(t.Context(), c.ID, 3*time.Hour)
	if err != nil || !l.Due.Equal(w.now.Add(3*time.Hour)) {
		t.Fatalf("%+v, %v", l, err)
	}
	_, err = session.Extend(t.Context(), c.ID, 2*time.Hour)
	refused(t, err, pam.ErrUsage, "already")
	_, err = session.Extend(t.Context(), c.ID, 5*time.Hour)
	refused(t, err, pam.ErrDenied, "at most 4")
	_, other := w.engine(vault.Ask{Actor: admin("bob")})
	_, err = other.Extend(t.Context(), c.ID, 4*time.Hour)
	refused(t, err, pam.ErrNotFound, c.ID)
	w.pass(3 * time.Hour)
	_, err = session.Extend(t.Context(), c.ID, 4*time.Hour)
	refused(t, err, pam.ErrNotFound, c.ID)
	w.intact()
}
