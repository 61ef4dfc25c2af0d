package vault_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

func actions(plan []vault.Planned) string {
	var out []string
	for _, p := range plan {
		out = append(out, fmt.Sprintf("%d %s %s", p.Line, p.Action, p.Name))
	}
	return strings.Join(out, ", ")
}

func TestAnImportOfIntegrationsIsPlannedThenKeptOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.integration(vault.IntegrationEdit{Name: new("old"), Reason: new("stays")})
	rows := []vault.IntegrationRow{
		{Line: 2, IntegrationEdit: vault.IntegrationEdit{Name: new("Old"), Comment: new("new")}},
		{Line: 3, IntegrationEdit: vault.IntegrationEdit{Name: new("fresh")}},
	}
	before := len(w.store.state.records)
	plan, err := w.ImportIntegrations(t.Context(), admin("root"), rows, true)
	if err != nil || actions(plan) != "2 change Old, 3 create fresh" || len(w.store.state.records) != before {
		t.Fatalf("%s, %v", actions(plan), err)
	}
	for n, want := range []string{"2 change Old, 3 create fresh", "2 keep Old, 3 keep fresh"} {
		if plan, err = w.ImportIntegrations(t.Context(), admin("root"), rows, false); err != nil || actions(plan) != want {
			t.Errorf("%d: %s, %v", n, actions(plan), err)
		}
	}
	if i, err := w.Integration(t.Context(), "old"); err != nil || i.Reason != "stays" || i.Comment != "new" || len(w.store.state.integrations) != 2 {
		t.Errorf("%+v, %v", i, err)
	}
	for says, bad := range map[string]vault.IntegrationEdit{
		"line 9: hours": {Name: new("x"), Hours: new(vault.MaxHold + 1)}, "takes no secrets": {Name: new("x"), Generate: true}, `"FRESH" stands in line 3`: {Name: new("FRESH")}, "name is empty": {},
	} {
		_, err := w.ImportIntegrations(t.Context(), admin("root"), append(rows[:2:2], vault.IntegrationRow{Line: 9, IntegrationEdit: bad}), false)
		refused(t, err, pam.ErrUsage, strings.TrimPrefix(says, "line 9: hours"))
		if !strings.Contains(err.Error(), "line 9: ") {
			t.Error(err)
		}
	}
	w.intact()
}

func TestAnImportOfCredentialsIsAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("p")})
	row := func(n int, policy string) vault.CredentialRow {
		return vault.CredentialRow{Line: n, CredentialEdit: vault.CredentialEdit{
			System: new(fmt.Sprintf("web%d", n)), Account: new("root"), Policy: &policy, Secret: secret.FromString(fmt.Sprint(canary, n)),
		}}
	}
	var rows []vault.CredentialRow
	for n := 2; n < 60; n++ {
		rows = append(rows, row(n, "p"))
	}
	rows[50].Policy = new("none")
	_, err := w.ImportCredentials(t.Context(), admin("root"), rows, false)
	refused(t, err, pam.ErrNotFound, "line 52: ")
	if len(w.store.state.credentials) != 0 {
		t.Fatal("a part was imported")
	}
	rows[50].Policy = new("p")
	for n, want := range []vault.Action{vault.ActionCreate, vault.ActionKeep} {
		plan, err := w.ImportCredentials(t.Context(), admin("root"), rows, false)
		if err != nil || len(plan) != 58 || plan[57].Action != want || plan[57].Name != "web59/root" {
			t.Errorf("%d: %+v, %v", n, plan[57], err)
		}
	}
	rows[0].Secret = secret.FromString(canary)
	plan, err := w.ImportCredentials(t.Context(), admin("root"), rows, true)
	if err != nil || plan[0].Action != vault.ActionChange || strings.Contains(fmt.Sprint(plan), "c4nary") {
		t.Errorf("%+v, %v", plan[0], err)
	}
	_, err = w.ImportCredentials(t.Context(), admin("root"), append(rows, row(2, "p")), false)
	refused(t, err, pam.ErrUsage, "stands in line 2")
	if _, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web2/root", 0); err != nil || got != canary+"2" {
		t.Error(got, err)
	}
	w.intact()
}
