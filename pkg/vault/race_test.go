package vault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestASecretThatIsRotatedMeanwhileIsReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	w.store.before = func() {
		if _, err := w.EditCredential(t.Context(), admin("root"), "web01/root", 0, vault.CredentialEdit{Secret: secret.FromString(canary + " fresh")}); err != nil {
			t.Error(err)
		}
	}
	c, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if err != nil || got != canary+" fresh" || w.store.state.leases[c.ID].Secret != 2 {
		t.Errorf("%q, %v", got, err)
	}
	w.intact()
}

func TestACredentialThatIsDeletedMeanwhileIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	w.store.before = func() {
		if _, err := w.DeleteCredential(t.Context(), admin("root"), "web01/root"); err != nil {
			t.Error(err)
		}
	}
	_, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	refused(t, err, pam.ErrNotFound, "web01/root")
	if got != "" {
		t.Error("a secret came")
	}
}

func TestWhoeverIsSlowerAtALeaseIsToldOfTheHolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	w.store.odd = map[string]error{"AddLease": vault.ErrTaken}
	if _, _, err := w.checkOut(vault.Ask{Actor: admin("alice"), Key: "k"}, "web01/root", 0); err != nil {
		t.Error("the second try failed too:", err)
	}
	w.store.odd = map[string]error{"AddLease": vault.ErrTaken}
	_, _, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", 0)
	refused(t, err, pam.ErrCheckedOut, "alice")
	w.intact()
}

func TestAStoreThatFailsIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	broken := pam.Failf(pam.ErrJournal, "the disk is full").WithHint("make room")
	w.store.odd = map[string]error{"AddLease": broken}
	_, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if !errors.Is(err, pam.ErrJournal) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAKeyThatIsGoneIsMissedOnlyWhileItIsNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.credential("web01/root", "")
	before := w.store.state.versions[c.ID][0]
	old := w.keys.current
	w.keys.others, w.keys.current = []seal.Key{old}, seal.GenerateKey()
	if _, err := w.RotateKey(t.Context(), admin("root"), nil); err != nil {
		t.Fatal(err)
	}
	w.keys.others = nil
	w.Service = w.open()
	after := w.store.state.versions[c.ID][0]
	w.store.state.versions[c.ID][0] = before
	w.keys.missed = func() { w.store.state.versions[c.ID][0] = after }
	if _, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0); err != nil || got == "" {
		t.Error(err)
	}
	w.keys.missed = nil
	w.store.state.versions[c.ID][0] = before
	_, _, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", 0)
	refused(t, err, pam.ErrConflict, "again and again")
}

func TestAChangeThatOthersOvertookSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	w.integration(vault.IntegrationEdit{Name: new("a")})
	ask := vault.Ask{Actor: admin("alice")}
	c, _, err := w.checkOut(ask, "web01/root", 0)
	if err != nil {
		t.Fatal(err)
	}
	e, session := w.engine(ask)
	for method, act := range map[string]func() error{
		"ChangeIntegration": func() error {
			_, err := w.EditIntegration(t.Context(), admin("root"), "a", 0, vault.IntegrationEdit{Active: new(false)})
			return err
		},
		"RemoveIntegration": func() error { _, err := w.DeleteIntegration(t.Context(), admin("root"), "a"); return err },
		"ChangeCredential": func() error {
			_, err := w.EditCredential(t.Context(), admin("root"), "web01/root", 0, vault.CredentialEdit{Description: new("x")})
			return err
		},
		"ChangeLease": func() error { _, err := e.CheckIn(t.Context(), c); return err },
	} {
		w.store.odd = map[string]error{method: vault.ErrStale}
		refused(t, act(), pam.ErrConflict, "changed meanwhile")
	}
	w.store.odd = map[string]error{"ChangeLease": vault.ErrStale}
	_, err = session.Extend(t.Context(), c.ID, 10*time.Hour)
	refused(t, err, pam.ErrConflict, "changed meanwhile")
	w.pass(9 * time.Hour)
	w.store.odd = map[string]error{"ChangeLease": vault.ErrStale}
	if done, err := w.Maintain(t.Context()); err != nil || done.Expired != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	w.intact()
}

func TestListsAreSearched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.credential("web01/root", "")
	w.credential("web02/root", "")
	m, err := vault.ParseMatch("web*/ROOT")
	if err != nil || m.IsZero() {
		t.Fatal(err)
	}
	page, err := w.Credentials(t.Context(), vault.CredentialCriteria{Match: m, Paging: vault.Paging{Limit: 1}}, "")
	if err != nil || len(page.Items) != 1 || page.Next == "" {
		t.Errorf("%+v, %v", page, err)
	}
	if _, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0); err != nil {
		t.Fatal(err)
	}
	leases, err := w.Leases(t.Context(), vault.LeaseCriteria{CredentialID: c.ID}, "")
	if err != nil || len(leases.Items) != 1 || leases.Items[0].Checkout("p").Profile != "p" {
		t.Errorf("%+v, %v", leases, err)
	}
	for _, bad := range []error{
		func() error {
			_, err := w.Credentials(t.Context(), vault.CredentialCriteria{}, page.Next)
			return err
		}(),
		func() error { _, err := w.Leases(t.Context(), vault.LeaseCriteria{}, "x"); return err }(),
		func() error { _, err := w.Requests(t.Context(), vault.RequestCriteria{}, "x"); return err }(),
		func() error { _, err := w.Policies(t.Context(), vault.PolicyCriteria{}, "x"); return err }(),
		func() error { _, err := w.Skips(t.Context(), -1, ""); return err }(),
	} {
		refused(t, bad, pam.ErrUsage, "")
	}
}
