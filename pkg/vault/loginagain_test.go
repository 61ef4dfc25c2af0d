package vault_test

import (
	"fmt"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestALogInIsDecidedByWhatTheIntegrationIsAtItsEnd changes an integration while
// somebody signs in who is known, or is not; through the same service or another one.
func TestALogInIsDecidedByWhatTheIntegrationIsAtItsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit  vault.IntegrationEdit
		class pam.Class
		cause vault.Cause
	}{
		"rotated":     {vault.IntegrationEdit{Generate: true}, pam.ErrSignInRefused, vault.CauseWrongCredential},
		"typed":       {vault.IntegrationEdit{Secret: secret.FromString(canary)}, pam.ErrSignInRefused, vault.CauseWrongCredential},
		"renamed":     {vault.IntegrationEdit{Name: new("other")}, pam.ErrSignInRefused, vault.CauseUnknownName},
		"windows":     {vault.IntegrationEdit{Auth: new(vault.AuthWindows), Account: new(`EX\svc`)}, pam.ErrSignInRefused, vault.CauseWrongCredential},
		"deactivated": {vault.IntegrationEdit{Active: new(false)}, pam.ErrDenied, vault.CauseInactive},
		"narrowed":    {vault.IntegrationEdit{DropAllowed: prefixes("10.0.0.0/24")}, pam.ErrDenied, vault.CauseAddress},
		"described":   {vault.IntegrationEdit{Description: new("another")}, "", ""},
	} {
		for _, known := range []bool{false, true} {
			for _, meanwhile := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, known %t, meanwhile %t", name, known, meanwhile), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					i, credential := w.applicant("nightly")
					if known {
						w.signIn("nightly", credential)
					}
					change := func() {
						if _, err := w.open().EditIntegration(t.Context(), admin("root"), i.ID, 0, c.edit); err != nil {
							t.Error(err)
						}
					}
					if w.store.before = change; !meanwhile {
						w.store.before = nil
						change()
					}
					for range 2 {
						got, err := w.LogIn(t.Context(), door("10.0.0.1"), "nightly", credential)
						if c.cause != "" {
							turnedAway(t, err, c.class, c.cause)
							continue
						}
						if err != nil || got.Integration.Description != "another" {
							t.Fatal(got.Integration.Description, err)
						}
						if _, err := w.Authenticate(t.Context(), door("10.0.0.1"), got.Token); err != nil {
							t.Error(err)
						}
					}
					w.intact()
				})
			}
		}
	}
}

func TestWhoIsKnownSignsInWithoutAQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, credential := w.applicant("nightly")
	spy := &work{fakeStore: w.store}
	s, err := vault.Open(t.Context(), vault.Options{Store: spy, Keys: w.keys, Clock: w.clock, Slow: spy})
	if err != nil {
		t.Fatal(err)
	}
	for turn := range 3 {
		spy.views, spy.updates = 0, 0
		if _, err := s.LogIn(t.Context(), door("10.0.0.1"), "Nightly", credential); err != nil || spy.updates != 1 || (spy.views > 0) != (turn == 0) {
			t.Errorf("turn %d: %d questions, %d units, %v", turn, spy.views, spy.updates, err)
		}
	}
	_, err = s.LogIn(t.Context(), door("192.0.2.1"), "nightly", credential)
	turnedAway(t, err, pam.ErrDenied, vault.CauseAddress)
}
