package vault_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestAnIntegrationIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := admin("root")
	made, err := w.CreateIntegration(t.Context(), root, vault.IntegrationEdit{
		Name: new("Nightly"), Description: new("backups"), Generate: true, Hours: new(4 * time.Hour),
		AddAllowed: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("10.0.0.0/24")}, AddGrants: []vault.Pattern{{System: "web*", Account: "*"}},
	})
	i := made.Integration
	if err != nil || made.Generated.Len() != 43 || i.Proof.Kind != vault.ProofSHA256 || len(i.Allowed) != 1 || !i.Active || i.Version != 1 || len(i.Warnings()) != 0 {
		t.Fatalf("%+v, %v", i, err)
	}
	_, err = w.CreateIntegration(t.Context(), root, vault.IntegrationEdit{Name: new("nightLY")})
	refused(t, err, pam.ErrConflict, "already")
	w.integration(vault.IntegrationEdit{Name: new("other")})
	_, err = w.EditIntegration(t.Context(), root, "other", 0, vault.IntegrationEdit{Name: new("NIGHTLY")})
	refused(t, err, pam.ErrConflict, "already")
	for _, ref := range []string{"nightly", i.ID} {
		if got, err := w.Integration(t.Context(), ref); err != nil || got.ID != i.ID {
			t.Error(ref, err)
		}
	}
	same, err := w.EditIntegration(t.Context(), root, "nightly", 0, vault.IntegrationEdit{Hours: new(4 * time.Hour), Name: new("Nightly")})
	if err != nil || len(same.Changes) != 0 || same.Integration.Version != 1 {
		t.Errorf("%+v, %v", same, err)
	}
	edited, err := w.EditIntegration(t.Context(), root, "nightly", 1, vault.IntegrationEdit{Hours: new(2 * time.Hour), DropGrants: []vault.Pattern{{System: "WEB*", Account: "*"}}})
	if err != nil || fmt.Sprint(edited.Changes) != "[{hours 4 2} {grants web*/* }]" || edited.Integration.Version != 2 || len(edited.Integration.Warnings()) != 1 {
		t.Errorf("%+v, %v", edited, err)
	}
	_, err = w.EditIntegration(t.Context(), root, "nightly", 0, vault.IntegrationEdit{DropAllowed: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/24")}})
	refused(t, err, pam.ErrUsage, "10.9.0.0/24 is not in the list")
	_, err = w.EditIntegration(t.Context(), root, "nightly", 1, vault.IntegrationEdit{Hours: new(3 * time.Hour)})
	refused(t, err, pam.ErrConflict, `hours from "4" to "2" by root at 2026-03-01T12:00:00Z; grants from "web*/*" to ""`)
	if _, err := w.DeleteIntegration(t.Context(), root, "nightly"); err != nil {
		t.Fatal(err)
	}
	_, err = w.DeleteIntegration(t.Context(), root, "nightly")
	refused(t, err, pam.ErrNotFound, "nightly")
	page, err := w.Events(t.Context(), vault.EventCriteria{Integration: i.ID}, "")
	if err != nil || len(page.Items) != 3 || page.Items[0].Event.Kind != audit.IntegrationDeleted {
		t.Errorf("%d, %v", len(page.Items), err)
	}
	w.intact()
}

func TestTheKindOfAnEventTellsASwitchFromAnEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.integration(vault.IntegrationEdit{Name: new("a")})
	before := len(w.kinds())
	typed := secret.FromString(canary)
	for _, edit := range []vault.IntegrationEdit{{Active: new(false)}, {Active: new(true)}, {Secret: typed}, {Generate: true}, {Reason: new("r"), Generate: true}, {Auth: new(vault.AuthWindows), Account: new(`EX\a`)}, {Auth: new(vault.AuthApplication)}} {
		if _, err := w.EditIntegration(t.Context(), admin("root"), "A", 0, edit); err != nil {
			t.Error(err)
		}
	}
	rotated, changed := " integration.credential_rotated", " integration.changed"
	if got := w.kinds()[before:]; got != " integration.deactivated integration.activated"+strings.Repeat(rotated, 2)+strings.Repeat(changed, 3) {
		t.Error(got)
	}
	for says, edit := range map[string]vault.IntegrationEdit{
		"both given": {Secret: typed, Generate: true}, "takes no secret": {Auth: new(vault.AuthWindows), Account: new(`EX\a`), Secret: typed},
		"needs an account": {Auth: new(vault.AuthWindows)}, "takes no account": {Account: new(`EX\a`)}, "not known": {Auth: new(vault.AuthType("ldap"))},
		"no justification": {Skip: &vault.Skip{Until: w.now}}, "12 or more": {Secret: secret.FromString("c4nary")},
	} {
		_, err := w.EditIntegration(t.Context(), admin("root"), "a", 0, edit)
		refused(t, err, pam.ErrUsage, says)
	}
	for _, r := range w.store.state.records {
		if strings.Contains(fmt.Sprint(r), "c4nary") {
			t.Errorf("a secret is in %+v", r.Event)
		}
	}
	_, m, err := w.TestAddress(t.Context(), "a", netip.MustParseAddr("10.0.0.1"))
	if err != nil || m.Allowed {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestASearchIsNormalisedAndPaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 7 {
		w.integration(vault.IntegrationEdit{Name: new(fmt.Sprintf("App %d", n)), Active: new(n%2 == 0)})
	}
	m, _ := vault.ParseMatch("APP")
	c := vault.IntegrationCriteria{Name: m, Active: vault.Yes, Paging: vault.Paging{Limit: 3}}
	first, err := w.Integrations(t.Context(), c, "")
	if err != nil || len(first.Items) != 3 || first.Next == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := w.Integrations(t.Context(), c, first.Next)
	if err != nil || len(second.Items) != 1 || second.Next != "" || second.Items[0].Name != "App 6" {
		t.Errorf("%+v, %v", second, err)
	}
	c.Active = vault.Both
	_, err = w.Integrations(t.Context(), c, first.Next)
	refused(t, err, pam.ErrUsage, "another search")
	_, err = w.Integrations(t.Context(), c, "nonsense")
	refused(t, err, pam.ErrUsage, "none of ours")
	for _, bad := range []vault.IntegrationCriteria{{Sort: "size"}, {Paging: vault.Paging{Limit: -1}}, {Paging: vault.Paging{Limit: 1001}}} {
		_, err := w.Integrations(t.Context(), bad, "")
		refused(t, err, pam.ErrUsage, "")
	}
	_, err = w.Events(t.Context(), vault.EventCriteria{Since: w.now, Until: w.now}, "")
	refused(t, err, pam.ErrUsage, "not before")
}

func TestACredentialKeepsEveryVersionOfItsSecretSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.credential("web01/root", "")
	_, err := w.CreateCredential(t.Context(), admin("root"), vault.CredentialEdit{System: new("WEB01"), Account: new("Root")})
	refused(t, err, pam.ErrConflict, "already")
	got, err := w.EditCredential(t.Context(), admin("root"), "web01/root", c.Version, vault.CredentialEdit{Secret: secret.FromString(canary + "2")})
	if err != nil || !got.Rotated || got.Credential.Secret != 2 || got.Credential.Version != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	same, err := w.EditCredential(t.Context(), admin("root"), c.ID, 0, vault.CredentialEdit{Secret: secret.FromString(canary + "2")})
	if err != nil || same.Rotated || len(same.Changes) != 0 {
		t.Errorf("%+v, %v", same, err)
	}
	_, err = w.EditCredential(t.Context(), admin("root"), c.ID, 1, vault.CredentialEdit{Description: new("x")})
	refused(t, err, pam.ErrConflict, "secret from")
	_, versions, err := w.History(t.Context(), "web01/root")
	if err != nil || len(versions) != 2 || versions[0].Number != 2 || versions[0].Sealed != nil || versions[1].CreatedBy != "root" {
		t.Errorf("%+v, %v", versions, err)
	}
	for _, list := range w.store.state.versions {
		for _, v := range list {
			if bytes.Contains(v.Sealed, []byte("c4nary")) || bytes.Contains(v.Wrapped, []byte("c4nary")) {
				t.Error("a secret lies open")
			}
		}
	}
	if _, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0); err != nil || got != canary+"2" {
		t.Error(got, err)
	}
	_, err = w.DeleteCredential(t.Context(), admin("root"), "web01/root")
	refused(t, err, pam.ErrConflict, "checked out")
	w.pass(9 * time.Hour)
	if done, err := w.Maintain(t.Context()); err != nil || done.Expired != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if _, err = w.DeleteCredential(t.Context(), admin("root"), "web01/root"); err != nil {
		t.Error(err)
	}
	_, err = w.Credential(t.Context(), "web01/root")
	refused(t, err, pam.ErrNotFound, "web01/root")
	w.intact()
}

func TestASealedVersionStandsForNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.credential("web01/a", ""), w.credential("web01/b", "")
	w.store.state.versions[a.ID][0].Sealed, w.store.state.versions[b.ID][0].Sealed = w.store.state.versions[b.ID][0].Sealed, w.store.state.versions[a.ID][0].Sealed
	_, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/a", 0)
	if err == nil || got != "" || !strings.Contains(err.Error(), "can not be opened") {
		t.Errorf("%q, %v", got, err)
	}
	moved := w.store.state.versions[b.ID][0]
	moved.CredentialID = a.ID
	w.store.state.versions[a.ID][0] = moved
	if _, got, err = w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/a", 0); err == nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAPolicyIsCheckedAndKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("Guarded"), Needed: new(1), Approvers: &[]string{"bob", "Bob", "carol"}, Rotator: new("none")})
	if p, err := w.Policy(t.Context(), "guarded"); err != nil || len(p.Approval.Approvers) != 2 || p.Rotator != "" {
		t.Errorf("%+v, %v", p, err)
	}
	for says, edit := range map[string]vault.PolicyEdit{
		"3 approvals are needed": {Needed: new(3)}, "1 to 99": {Timeout: new(100 * time.Hour)}, "0.25": {Longest: new(time.Minute)}, "reject or accept": {Then: new(vault.Fallback("wait"))},
		"out of bounds": {Needed: new(-1)}, "restricted or shared": {Access: new(vault.Access("none"))}, "name is empty": {Name: new("")}, "approver": {Approvers: &[]string{"a\x00"}},
	} {
		_, _, err := w.EditPolicy(t.Context(), admin("root"), "guarded", 0, edit)
		refused(t, err, pam.ErrUsage, says)
	}
	p, changes, err := w.EditPolicy(t.Context(), admin("root"), "guarded", 1, vault.PolicyEdit{Longest: new(time.Hour), Exclusive: new(false)})
	if err != nil || len(changes) != 2 || p.Version != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	_, _, err = w.EditPolicy(t.Context(), admin("root"), "guarded", 1, vault.PolicyEdit{Longest: new(2 * time.Hour)})
	refused(t, err, pam.ErrConflict, `exclusive from "yes" to "no"`)
	_, err = w.CreatePolicy(t.Context(), admin("root"), vault.PolicyEdit{Name: new("GUARDED")})
	refused(t, err, pam.ErrConflict, "already")
	c := w.credential("web01/root", p.ID)
	_, err = w.DeletePolicy(t.Context(), admin("root"), "guarded")
	refused(t, err, pam.ErrConflict, "credential")
	if _, err := w.EditCredential(t.Context(), admin("root"), c.ID, 0, vault.CredentialEdit{Policy: new("")}); err != nil {
		t.Fatal(err)
	}
	_, err = w.EditCredential(t.Context(), admin("root"), c.ID, 0, vault.CredentialEdit{Policy: new("nothing")})
	refused(t, err, pam.ErrNotFound, "nothing")
	if _, err := w.DeletePolicy(t.Context(), admin("root"), "guarded"); err != nil {
		t.Error(err)
	}
	if page, err := w.Policies(t.Context(), vault.PolicyCriteria{}, ""); err != nil || len(page.Items) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	w.intact()
}
