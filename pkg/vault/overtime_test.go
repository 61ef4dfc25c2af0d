package vault_test

import (
	"slices"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestAPolicyThatBecomesExclusiveCountsTheHoldersThatThereAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("several"), Exclusive: new(false)})
	w.credential("web01/root", "several")
	if _, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.EditPolicy(t.Context(), admin("root"), "several", 0, vault.PolicyEdit{Exclusive: new(true)}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second one recalls the policy as it is
		_, got, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", time.Hour)
		refused(t, err, pam.ErrCheckedOut, "alice")
		if got != "" {
			t.Error("a second holder has it")
		}
	}
}

// approved is a check-out of web01/root for an hour, by the integration, with an
// approval where its policy asks for one.
func (w *world) approved(i vault.Integration) (held string, ask vault.Ask) {
	w.Helper()
	ask = vault.Ask{Actor: app(i)}
	c, _, err := w.checkOut(ask, "web01/root", time.Hour)
	if err == nil {
		return c.ID, ask
	}
	page, err := w.Requests(w.Context(), vault.RequestCriteria{}, "")
	if err != nil || len(page.Items) != 1 {
		w.Fatal(err)
	}
	if _, err := w.Decide(w.Context(), admin("bob"), page.Items[0].ID, true, ""); err != nil {
		w.Fatal(err)
	}
	if c, _, err = w.checkOut(ask, "web01/root", 30*time.Minute); err != nil {
		w.Fatal(err)
	}
	return c.ID, ask
}

func TestNothingIsExtendedBeyondWhatWasApproved(t *testing.T) {
	t.Parallel()
	skip := &vault.Skip{Justification: "it must not wait"}
	for name, test := range map[string]struct {
		needed, later int // approvals, when it is checked out and when it is extended
		skip          *vault.Skip
		allowed       bool
	}{
		"approved for an hour":     {1, 1, nil, false},
		"approved, and free since": {1, 0, nil, true},
		"free, and guarded since":  {0, 1, nil, false},
		"it may skip approval":     {1, 1, skip, true},
		"free":                     {0, 0, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.policy(vault.PolicyEdit{Name: new("guarded"), Needed: &test.needed})
			w.credential("web01/root", "guarded")
			i := w.integration(vault.IntegrationEdit{Name: new("nightly"), Grants: &[]vault.Pattern{{System: "web*", Account: "*"}}})
			held, ask := w.approved(i)
			if _, _, err := w.EditPolicy(t.Context(), admin("root"), "guarded", 0, vault.PolicyEdit{Needed: &test.later}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.EditIntegration(t.Context(), admin("root"), i.ID, 0, vault.IntegrationEdit{Skip: test.skip}); err != nil {
				t.Fatal(err)
			}
			_, session := w.engine(ask)
			if test.needed > 0 { // half an hour was taken
				if _, err := session.Extend(t.Context(), held, time.Hour); err != nil {
					t.Error(err)
				}
			}
			if _, err := session.Extend(t.Context(), held, 2*time.Hour); test.allowed && err != nil {
				t.Error(err)
			} else if !test.allowed {
				refused(t, err, pam.ErrDenied, "not approved")
			}
			if skipped := slices.ContainsFunc(w.store.state.records, func(r audit.Record) bool { return r.Event.Kind == audit.ApprovalSkipped }); skipped != (test.skip != nil) {
				t.Errorf("skipped: %t", skipped)
			}
			w.intact()
		})
	}
}
