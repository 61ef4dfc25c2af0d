package vault_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// elsewhere is another service: it has one account, and counts who holds it.
type elsewhere struct {
	engine.Source // what is not asked

	clock  func() time.Time
	held   int // check-outs less check-ins
	asked  int
	refuse error        // of a check-out; its effect comes first when it is uncertain
	deaf   error        // of a check-in
	look   func() error // what comes of a look-up
	during func()
}

func (e *elsewhere) Engine(_ context.Context, profile string) (*engine.Engine, error) {
	return &engine.Engine{Source: e, Clock: e.clock, Profile: profile, Delegation: pam.Identity{Name: "svc"}}, nil
}

func (e *elsewhere) Stored(_ context.Context, as pam.Identity, system string) ([]pam.Credential, error) {
	if e.look != nil {
		if err := e.look(); err != nil {
			return nil, err
		}
	}
	if as.Name != "svc" {
		return nil, pam.Failf(pam.ErrUserUnknown, "who is %s", as)
	}
	c := pam.Credential{System: system, Account: "root"}
	if e.deaf != nil && e.held > 0 {
		c.CheckedOutBy = as.String()
	}
	return []pam.Credential{c}, nil
}

func (e *elsewhere) CheckOut(context.Context, pam.Identity, pam.Credential, string) (pam.Release, error) {
	e.asked++
	if e.during != nil {
		e.during()
	}
	if e.refuse == nil || errors.Is(e.refuse, pam.ErrUncertain) {
		e.held = 1 // by one identity, however often it asks
	}
	if e.refuse != nil {
		return pam.Release{}, e.refuse
	}
	return pam.Release{Secret: secret.FromString(canary)}, nil
}

func (e *elsewhere) CheckIn(context.Context, pam.Identity, pam.Credential, string) error {
	if e.deaf != nil {
		return e.deaf
	}
	if e.held == 0 {
		return pam.Failf(pam.ErrNotFound, "nobody holds it")
	}
	e.held = 0
	return nil
}

// passing is a world with a credential web01/root that another service keeps.
func passing(t *testing.T) (*world, *elsewhere) {
	t.Helper()
	w := newWorld(t)
	there := &elsewhere{clock: w.clock}
	s, err := vault.Open(t.Context(), vault.Options{Store: w.store, Keys: w.keys, Clock: w.clock, Upstreams: there})
	if err != nil {
		t.Fatal(err)
	}
	w.Service = s
	w.policy(vault.PolicyEdit{Name: new("several"), Exclusive: new(false)})
	_, err = w.CreateCredential(t.Context(), admin("root"), vault.CredentialEdit{
		System: new("web01"), Account: new("root"), Policy: new("several"), Source: &vault.Source{Kind: vault.SourceRedIM, Profile: "default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, there
}

func (w *world) checkIn(who, lease string) error {
	w.Helper()
	session, err := w.Session(vault.Ask{Actor: admin(who), Lease: lease})
	if err != nil {
		w.Fatal(err)
	}
	return session.CheckIn(w.Context(), pam.Identity{}, pam.Credential{System: "web01", Account: "root"}, "")
}

// outcomes are the outcomes of the events of a kind, oldest first.
func (w *world) outcomes(kind audit.Kind) (out []string) {
	w.Helper()
	for _, r := range w.store.state.records {
		if r.Event.Kind == kind {
			out = append(out, r.Event.Outcome)
		}
	}
	return out
}

func (w *world) maintain(returned int) {
	w.Helper()
	done, err := w.Maintain(w.Context())
	if err != nil || done.Returned != returned || done.Owed != 0 {
		w.Errorf("maintenance: %+v, %v; want %d returned and none owed", done, err, returned)
	}
}

func TestACheckOutIsPassedOnAndGivenBack(t *testing.T) {
	t.Parallel()
	w, there := passing(t)
	there.during = func() {
		if got := w.outcomes(audit.CheckoutIntent); len(got) != 1 || len(w.store.state.leases) != 1 {
			t.Error("the service is asked before the intent and the lease are kept")
		}
	}
	c, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if err != nil || got != canary || there.held != 1 {
		t.Fatalf("%v, %d held", err, there.held)
	}
	if err := w.checkIn("alice", c.ID); err != nil || there.held != 0 || len(w.store.state.passages) != 0 {
		t.Errorf("%v, %d held there, %d passages", err, there.held, len(w.store.state.passages))
	}
	if got := w.outcomes(audit.SourceReturned); len(got) != 1 || got[0] != audit.OutcomeDone {
		t.Errorf("%q", got)
	}
	w.intact()
}

func TestWhatTheOtherServiceRefusesLeavesNoLease(t *testing.T) {
	t.Parallel()
	w, there := passing(t)
	there.refuse = pam.Failf(pam.ErrCheckedOut, "erin has it")
	_, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if !errors.Is(err, pam.ErrCheckedOut) || got != "" || len(w.store.state.passages) != 0 {
		t.Errorf("%v, %d passages", err, len(w.store.state.passages))
	}
	if got := w.outcomes(audit.CheckoutOutcome); len(got) != 1 || got[0] != string(pam.ErrCheckedOut) {
		t.Errorf("%q", got)
	}
	for _, l := range w.store.state.leases {
		if l.State == vault.LeaseOpen {
			t.Error("a lease is open")
		}
	}
}

func TestAnAnswerThatNeverCameIsGivenBackByMaintenance(t *testing.T) {
	t.Parallel()
	w, there := passing(t)
	there.refuse = pam.Failf(pam.ErrUnreachable, "cut off").Uncertain()
	_, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if _, theirs := errors.AsType[*vault.SourceError](err); !theirs || !errors.Is(err, pam.ErrUncertain) || there.held != 1 {
		t.Fatalf("%v, %d held", err, there.held)
	}
	w.maintain(0) // it may be on its way still
	w.pass(20 * time.Minute)
	w.maintain(1)
	if there.held != 0 {
		t.Error("it is still held there")
	}
	if got := w.outcomes(audit.CheckoutOutcome); len(got) != 1 || got[0] != audit.OutcomeUnknown {
		t.Errorf("%q", got)
	}
	w.maintain(0)
	w.intact()
}

func TestAServiceThatDoesNotTakeItBackIsAskedAgainEverMoreSeldom(t *testing.T) {
	t.Parallel()
	w, there := passing(t)
	c, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if err != nil {
		t.Fatal(err)
	}
	there.deaf = pam.Failf(pam.ErrUnreachable, "no answer").Uncertain()
	if err = w.checkIn("alice", c.ID); errors.Is(err, pam.ErrUncertain) {
		t.Error("what is certain here is told to be uncertain") // and would be looked up, here
	}
	refused(t, err, pam.ErrPartial, "vault maintain")
	_, _, err = w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	refused(t, err, pam.ErrConflict, "being given back")
	tries := 0
	for range 24 * 60 {
		w.pass(time.Minute)
		done, err := w.Maintain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tries += done.Owed
	}
	if tries < 20 || tries > 40 {
		t.Errorf("%d tries in a day", tries)
	}
	there.deaf = nil
	w.pass(time.Hour)
	w.maintain(1)
	if _, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0); err != nil {
		t.Error(err)
	}
	w.intact()
}

func TestTheLastHolderGivesItBackThere(t *testing.T) {
	t.Parallel()
	w, there := passing(t)
	a, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.checkIn("alice", a.ID); err != nil || there.held != 1 {
		t.Errorf("%v: bob has it still, %d held", err, there.held)
	}
	w.pass(2 * time.Hour)
	w.maintain(1)
	if there.held != 0 || len(w.store.state.passages) != 0 {
		t.Errorf("after bob's hour %d held there, lease %s", there.held, b.ID)
	}
}

func TestARepeatedKeyAsksForTheSameLeaseAnew(t *testing.T) {
	t.Parallel()
	w, there := passing(t)
	ask := vault.Ask{Actor: admin("alice"), Key: "k", Digest: "d"}
	for range 2 {
		if _, got, err := w.checkOut(ask, "web01/root", 0); err != nil || got != canary {
			t.Fatal(err)
		}
	}
	if len(w.store.state.leases) != 1 || there.held != 1 {
		t.Errorf("%d leases, %d held there", len(w.store.state.leases), there.held)
	}
	w.intact()
}

func TestAKeyStaysGoodWhenTheOtherServiceReleasedNothing(t *testing.T) {
	t.Parallel()
	w, there := passing(t)
	there.refuse = pam.Failf(pam.ErrUnreachable, "connection refused")
	ask := vault.Ask{Actor: admin("alice"), Key: "k", Digest: "d"}
	for range 2 {
		if _, got, err := w.checkOut(ask, "web01/root", 0); !errors.Is(err, pam.ErrUnreachable) || got != "" {
			t.Fatalf("%q, %v", got, err)
		}
	}
	there.refuse = nil
	for range 2 {
		if _, got, err := w.checkOut(ask, "web01/root", 0); err != nil || got != canary || there.held != 1 {
			t.Fatalf("%v, %d held there", err, there.held)
		}
	}
	w.intact()
}

func TestAStoreThatCantKeepTheReleaseGivesItBackThere(t *testing.T) {
	t.Parallel()
	w, there := passing(t)
	there.during = func() { w.store.failNext(2, pam.Failf(pam.ErrJournal, "the disk is full")) }
	_, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if !errors.Is(err, pam.ErrJournal) || got != "" || there.held != 0 {
		t.Errorf("%v, %d held there", err, there.held)
	}
	w.pass(time.Hour)
	w.maintain(1)
	if len(w.store.state.passages) != 0 {
		t.Error("a passage is left")
	}
}

func TestARehearsalAsksNobodyElse(t *testing.T) {
	t.Parallel()
	w, there := passing(t)
	w.Service = w.Rehearse()
	if _, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0); err != nil || there.asked != 0 {
		t.Errorf("%v, asked %d times", err, there.asked)
	}
}

// TestWhatAnotherServiceReleasesIsHeldBackFromWhoMayNotHaveItAnyMore changes what a
// check-out was decided on while the service that keeps the credential answers.
func TestWhatAnotherServiceReleasesIsHeldBackFromWhoMayNotHaveItAnyMore(t *testing.T) {
	t.Parallel()
	edit := func(e vault.IntegrationEdit) func(*world, vault.Integration, vault.Admission) error {
		return func(w *world, i vault.Integration, _ vault.Admission) error {
			_, err := w.EditIntegration(w.Context(), admin("root"), i.ID, 0, e)
			return err
		}
	}
	for name, test := range map[string]struct {
		change func(*world, vault.Integration, vault.Admission) error
		class  pam.Class // empty: it is released
	}{
		"nothing":            {func(*world, vault.Integration, vault.Admission) error { return nil }, ""},
		"not active":         {edit(vault.IntegrationEdit{Active: new(false)}), pam.ErrDenied},
		"no grant":           {edit(vault.IntegrationEdit{Grants: &[]vault.Pattern{}}), pam.ErrDenied},
		"another credential": {edit(vault.IntegrationEdit{Generate: true}), pam.ErrConflict},
		"gone": {func(w *world, i vault.Integration, _ vault.Admission) error {
			_, err := w.DeleteIntegration(w.Context(), admin("root"), i.ID)
			return err
		}, pam.ErrDenied},
		"logged out": {func(w *world, _ vault.Integration, a vault.Admission) error {
			return w.LogOut(w.Context(), door("10.0.0.1"), a.Token)
		}, pam.ErrConflict},
		"a policy": {func(w *world, _ vault.Integration, _ vault.Admission) error {
			_, _, err := w.EditPolicy(w.Context(), admin("root"), "several", 0, vault.PolicyEdit{Needed: new(1)})
			return err
		}, pam.ErrConflict},
		"the token's time is over": {func(w *world, _ vault.Integration, _ vault.Admission) error {
			w.pass(vault.TokenLife)
			return nil
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, there := passing(t)
			_, admitted := w.recognised()
			i, known, _, err := w.AuthenticateFor(t.Context(), door("10.0.0.1"), admitted.Token, "")
			if err != nil {
				t.Fatal(err)
			}
			there.during = func() {
				if err := test.change(w, i, admitted); err != nil {
					t.Error(err)
				}
			}
			_, got, err := w.checkOut(vault.Ask{Actor: app(i), Known: known}, "web01/root", time.Hour)
			outcome := w.outcomes(audit.CheckoutOutcome)
			switch {
			case test.class == "" && (err != nil || got != canary || there.held != 1):
				t.Errorf("%v, %d held there", err, there.held)
			case test.class != "":
				refused(t, err, test.class, "")
				if got != "" || there.held != 0 || len(w.store.state.passages) != 0 || len(outcome) != 1 || outcome[0] != string(test.class) {
					t.Errorf("a secret of %d bytes, %d held there, %d passages, %v", len(got), there.held, len(w.store.state.passages), outcome)
				}
			}
			w.intact()
		})
	}
}
