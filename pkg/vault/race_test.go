package vault_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
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

func TestTheKeysOfANewStoreAreMadeOnce(t *testing.T) {
	t.Parallel()
	w := &world{TB: t, store: newFakeStore(), keys: &fakeKeys{current: seal.GenerateKey()}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.store.before = func() { w.Service = w.open() }
	slower := w.open()
	if n := len(w.store.state.keys); n != 3 {
		t.Errorf("%d keys", n)
	}
	made := 0
	for _, r := range w.store.state.records {
		if r.Event.Kind == audit.KeyMade {
			made++
		}
	}
	if made != 1 {
		t.Errorf("%d events tell that keys were made", made)
	}
	w.credential("web01/root", "")
	w.Service = slower
	if _, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0); err != nil || !strings.HasPrefix(got, canary) {
		t.Error("the slower one lacks the keys:", err)
	}
	w.intact()
}

// overtaken is a store whose keys another process makes during the first update,
// after the first look at it; each look sees what is committed by then.
type overtaken struct {
	*fakeStore
	by *fakeStore
}

func (o overtaken) Update(ctx context.Context, work func(context.Context, vault.Tx) error) error {
	defer func() { o.state = *o.by.state.clone() }()
	return work(ctx, &looks{fakeState: o.state.clone(), then: o.by.state.clone()})
}

type looks struct {
	*fakeState
	then *fakeState
}

func (l *looks) Wrappings(ctx context.Context) ([]vault.Wrapping, error) {
	defer func() { l.fakeState = l.then }()
	return l.fakeState.Wrappings(ctx)
}

func (l *looks) KeyRecords(ctx context.Context) ([]vault.KeyRecord, error) {
	defer func() { l.fakeState = l.then }()
	return l.fakeState.KeyRecords(ctx)
}

func TestKeysThatAreMadeBetweenTwoLooksAreFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, err := vault.Open(t.Context(), vault.Options{Store: overtaken{newFakeStore(), w.store}, Keys: w.keys, Clock: w.clock})
	if err != nil || s == nil {
		t.Error(err)
	}
}

// TestARuleThatIsChangedMeanwhileHolds changes what a check-out is decided by between
// the look at it and the unit that would release the secret.
func TestARuleThatIsChangedMeanwhileHolds(t *testing.T) {
	t.Parallel()
	edit := func(e vault.IntegrationEdit) func(*world, vault.Integration) error {
		return func(w *world, i vault.Integration) error {
			_, err := w.EditIntegration(w.Context(), admin("root"), i.ID, 0, e)
			return err
		}
	}
	for name, test := range map[string]struct {
		change func(*world, vault.Integration) error
		says   string
	}{
		"not active":  {edit(vault.IntegrationEdit{Active: new(false)}), "not active"},
		"no grant":    {edit(vault.IntegrationEdit{Grants: &[]vault.Pattern{}}), "may not check out"},
		"fewer hours": {edit(vault.IntegrationEdit{Hours: new(30 * time.Minute)}), "too long"},
		"gone": {func(w *world, i vault.Integration) error {
			_, err := w.DeleteIntegration(w.Context(), admin("root"), i.ID)
			return err
		}, "is no more"},
		"a policy's time": {func(w *world, _ vault.Integration) error {
			_, _, err := w.EditPolicy(w.Context(), admin("root"), "guarded", 0, vault.PolicyEdit{Longest: new(30 * time.Minute)})
			return err
		}, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.policy(vault.PolicyEdit{Name: new("guarded"), Needed: new(1)})
			w.credential("web01/root", "guarded")
			i := w.integration(vault.IntegrationEdit{
				Name: new("nightly"), Hours: new(2 * time.Hour), Grants: &[]vault.Pattern{{System: "web*", Account: "*"}},
				Skip: &vault.Skip{Justification: "it must not wait"},
			})
			w.store.before = func() {
				if err := test.change(w, i); err != nil {
					t.Error(err)
				}
			}
			_, got, err := w.checkOut(vault.Ask{Actor: app(i)}, "web01/root", time.Hour)
			refused(t, err, pam.ErrDenied, test.says)
			if got != "" {
				t.Error("a secret came")
			}
			w.intact()
		})
	}
}

// TestWhoIsNotWhatWasAuthenticatedIsUnsure ends what an integration was authenticated
// by before its check-out: nothing is done before it is authenticated anew.
func TestWhoIsNotWhatWasAuthenticatedIsUnsure(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world, vault.Integration, vault.Admission) error{
		"another credential": func(w *world, i vault.Integration, _ vault.Admission) error {
			_, err := w.EditIntegration(w.Context(), admin("root"), i.ID, 0, vault.IntegrationEdit{Generate: true})
			return err
		},
		"logged out": func(w *world, _ vault.Integration, a vault.Admission) error {
			return w.open().LogOut(w.Context(), door("10.0.0.1"), a.Token)
		},
		"over": func(w *world, _ vault.Integration, _ vault.Admission) error {
			w.pass(vault.TokenLife)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.policy(vault.PolicyEdit{Name: new("guarded"), Needed: new(1)})
			w.credential("web01/root", "")
			w.credential("web02/root", "guarded")
			w.credential("web03/root", "")
			_, got := w.recognised()
			i, known, _, err := w.AuthenticateFor(t.Context(), door("10.0.0.1"), got.Token, "")
			if err != nil {
				t.Fatal(err)
			}
			ask := vault.Ask{Actor: app(i), Known: known}
			held, _, err := w.checkOut(ask, "web01/root", time.Hour)
			if err != nil {
				t.Fatal(err)
			}
			if err := change(w, i, got); err != nil {
				t.Fatal(err)
			}
			before := len(w.store.state.records)
			for _, ref := range []string{"web01/root", "web02/root", "web03/root"} {
				if _, got, err := w.checkOut(ask, ref, 0); !errors.Is(err, vault.ErrUnsure) || got != "" {
					t.Errorf("%s: %v", ref, err)
				}
			}
			_, session := w.engine(ask)
			if _, err := session.Extend(t.Context(), held.ID, 2*time.Hour); !errors.Is(err, vault.ErrUnsure) {
				t.Error(err)
			}
			if now := len(w.store.state.records); now != before {
				t.Errorf("%d events", now-before)
			}
			w.intact()
		})
	}
}
