package vault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// checkOutOver checks a credential out over a service.
func checkOutOver(t *testing.T, s *vault.Service, w *world, who string, c vault.Credential) (pam.Checkout, error) {
	t.Helper()
	session, err := s.Session(vault.Ask{Actor: admin(who)})
	if err != nil {
		t.Fatal(err)
	}
	e := &engine.Engine{Source: session, Journal: session, Clock: w.clock, NewID: vault.NewID}
	checkout, release, err := e.CheckOut(t.Context(), engine.CheckOutRequest{
		Identity: pam.Identity{Name: who}, Credential: pam.Credential{System: c.System, Account: c.Account}, For: time.Hour,
	})
	release.Secret.Wipe()
	return checkout, err
}

func TestARehearsalKeepsNothingAndAnswersAsTheRealOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.credential("web01/root", "")
	before := len(w.store.state.records)
	r := w.Rehearse()
	if _, err := checkOutOver(t, r, w, "alice", c); err != nil {
		t.Fatal(err)
	}
	if _, err := r.DeleteCredential(t.Context(), admin("root"), "web01/root"); err != nil {
		t.Fatal(err)
	}
	name := vault.PolicyEdit{Name: new("gate")}
	if _, err := r.CreatePolicy(t.Context(), admin("root"), name); err != nil {
		t.Fatal(err)
	}
	if after := len(w.store.state.records); after != before || len(w.store.state.leases) != 0 || len(w.store.state.policies) != 0 {
		t.Errorf("%d events became %d, with %d leases and %d policies", before, after, len(w.store.state.leases), len(w.store.state.policies))
	}
	if _, err := checkOutOver(t, w.Service, w, "bob", c); err != nil {
		t.Errorf("what a rehearsal released is held: %v", err)
	}
	if _, err := checkOutOver(t, r, w, "alice", c); !errors.Is(err, pam.ErrCheckedOut) {
		t.Errorf("the rehearsal answered %v", err)
	}
	edit := vault.CredentialEdit{Secret: secret.FromString(canary + " new")}
	if got, err := r.EditCredential(t.Context(), admin("root"), "web01/root", 0, edit); err != nil || !got.Rotated {
		t.Errorf("the edit came to %+v, %v", got, err)
	}
}

func TestCatchingUpEndsWhatIsOverAndElseWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.credential("web01/root", "")
	if _, err := checkOutOver(t, w.Service, w, "alice", c); err != nil {
		t.Fatal(err)
	}
	events := len(w.store.state.records)
	if done, err := w.CatchUp(t.Context()); err != nil || done.Expired != 0 || len(w.store.state.records) != events {
		t.Errorf("before its time: %+v, %v, %d events more", done, err, len(w.store.state.records)-events)
	}
	w.pass(time.Hour)
	if done, err := w.CatchUp(t.Context()); err != nil || done.Expired != 1 {
		t.Errorf("at its time: %+v, %v", done, err)
	}
	if _, err := w.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}
