package vault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

// recognised signs in, and is authenticated once.
func (w *world) recognised() (vault.Integration, vault.Admission) {
	w.Helper()
	i, credential := w.applicant("nightly")
	if _, err := w.EditIntegration(w.Context(), admin("root"), i.ID, 0, vault.IntegrationEdit{Grants: &[]vault.Pattern{{System: "web*", Account: "*"}}}); err != nil {
		w.Fatal(err)
	}
	got := w.signIn("nightly", credential)
	if _, _, ok := w.Recognise(door("10.0.0.1"), got.Token); ok {
		w.Error("recognised before the store was asked")
	}
	if _, err := w.Authenticate(w.Context(), door("10.0.0.1"), got.Token); err != nil {
		w.Fatal(err)
	}
	return i, got
}

func TestWhoWasAuthenticatedIsRecognisedUntilTheTokenEndsAndFromItsAddressOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, got := w.recognised()
	who, known, ok := w.Recognise(door("::ffff:10.0.0.1"), got.Token)
	if !ok || who.ID != i.ID || known.Sure() {
		t.Error(who, known, ok)
	}
	if _, _, ok := w.Recognise(door("10.0.0.2"), got.Token); ok {
		t.Error("from another address")
	}
	w.pass(vault.TokenLife)
	if _, _, ok := w.Recognise(door("10.0.0.1"), got.Token); ok {
		t.Error("after its end")
	}
}

// TestWhoIsOnlyRecognisedGetsNothingWhenAnythingChanged lets what a recognised
// caller stands on change behind the service, and on it.
func TestWhoIsOnlyRecognisedGetsNothingWhenAnythingChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world, vault.Integration, vault.Admission) error{
		"nothing": nil,
		"logged out": func(w *world, _ vault.Integration, a vault.Admission) error {
			return w.LogOut(w.Context(), door("10.0.0.1"), a.Token)
		},
		"inactive": func(w *world, i vault.Integration, _ vault.Admission) error {
			_, err := w.EditIntegration(w.Context(), admin("root"), i.ID, 0, vault.IntegrationEdit{Active: new(false)})
			return err
		},
		"another credential, by another server": func(w *world, i vault.Integration, _ vault.Admission) error {
			_, err := w.open().EditIntegration(w.Context(), admin("root"), i.ID, 0, vault.IntegrationEdit{Generate: true})
			return err
		},
		"gone": func(w *world, i vault.Integration, _ vault.Admission) error {
			_, err := w.open().DeleteIntegration(w.Context(), admin("root"), i.ID)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.credential("web01/backup", "")
			_, got := w.recognised()
			who, known, ok := w.Recognise(door("10.0.0.1"), got.Token)
			if !ok {
				t.Fatal("not recognised")
			}
			if change != nil {
				if err := change(w, *who, got); err != nil {
					t.Fatal(err)
				}
			}
			before := w.kinds()
			_, released, err := w.checkOut(vault.Ask{Actor: door("10.0.0.1").Actor(*who), Known: known}, "web01/backup", time.Hour)
			if change == nil {
				if err != nil || released == "" {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, vault.ErrUnsure) || released != "" || w.kinds() != before {
				t.Error(err, w.kinds())
			}
		})
	}
}

// TestARecognisedCallerWhoseIntegrationWasReadAgainIsUnsure: what the token is held
// against and what the check-out is decided on must be the same.
func TestARecognisedCallerWhoseIntegrationWasReadAgainIsUnsure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	i, got := w.recognised()
	who, known, _ := w.Recognise(door("10.0.0.1"), got.Token)
	edited, err := w.EditIntegration(t.Context(), admin("root"), i.ID, 0, vault.IntegrationEdit{Generate: true})
	if err != nil {
		t.Fatal(err)
	}
	again := w.signIn("nightly", edited.Generated)
	if _, err := w.Authenticate(t.Context(), door("10.0.0.1"), again.Token); err != nil {
		t.Fatal(err)
	}
	_, released, err := w.checkOut(vault.Ask{Actor: door("10.0.0.1").Actor(*who), Known: known}, "web01/backup", time.Hour)
	if !errors.Is(err, vault.ErrUnsure) || released != "" {
		t.Error(released == "", err)
	}
}
