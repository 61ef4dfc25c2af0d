package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestAnIntegrationIsMadeChangedAndDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := admin("root")
	made, err := w.CreateIntegration(t.Context(), root, vault.IntegrationEdit{
		Name: ptr("Nightly"), Description: ptr("backups"), Generate: true, Hours: ptr(4 * time.Hour),
		AddAllowed: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("10.0.0.0/24")}, AddGrants: []vault.Pattern{{System: "web*", Account: "*"}},
	})
	i := made.Integration
	if err != nil || made.Generated.Len() != 43 || !i.Proof.Matches(made.Generated) || len(i.Allowed) != 1 || !i.Active || i.Version != 1 || len(i.Warnings()) != 0 {
		t.Fatalf("%+v, %v", i, err)
	}
	_, err = w.CreateIntegration(t.Context(), root, vault.IntegrationEdit{Name: ptr("nightLY")})
	refused(t, err, pam.ErrConflict, "already")
	w.integration(vault.IntegrationEdit{Name: ptr("other")})
	_, err = w.EditIntegration(t.Context(), root, "other", 0, vault.IntegrationEdit{Name: ptr("NIGHTLY")})
	refused(t, err, pam.ErrConflict, "already")
	for _, ref := range []string{"nightly", i.ID} {
		if got, err := w.Integration(t.Context(), ref); err != nil || got.ID != i.ID {
			t.Error(ref, err)
		}
	}
	same, err := w.EditIntegration(t.Context(), root, "nightly", 0, vault.IntegrationEdit{Hours: ptr(4 * time.Hour), Name: ptr("Nightly")})
	if err != nil || len(same.Changes) != 0 || same.Integration.Version != 1 {
		t.Errorf("%+v, %v", same, err)
	}
	edited, err := w.EditIntegration(t.Context(), root, "nightly", 1, vault.IntegrationEdit{Hours: ptr(2 * time.Hour), DropGrants: []vault.Pattern{{System: "WEB*", Account: "*"}}})
	if err != nil || fmt.Sprint(edited.Changes) != "[{hours 4 2} {grants web*/* }]" || edited.Integration.Version != 2 || len(edited.Integration.Warnings()) != 1 {
		t.Errorf("%+v, %v", edited, err)
	}
	_, err = w.EditIntegration(t.Context(), root, "nightly", 0, vault.IntegrationEdit{DropAllowed: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/24")}})
	refused(t, err, pam.ErrUsage, "10.9.0.0/24 is not in the list")
	_, err = w.EditIntegration(t.Context(), root, "nightly", 1, vault.IntegrationEdit{Hours: ptr(3 * time.Hour)})
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
	w.integration(vault.IntegrationEdit{Name: ptr("a")})
	before := len(w.kinds())
	typed := secret.FromString(canary)
	for _, edit := range []vault.IntegrationEdit{{Active: ptr(false)}, {Active: ptr(true)}, {Secret: typed}, {Generate: true}, {Reason: ptr("r"), Generate: true}, {Auth: ptr(vault.AuthWindows), Account: ptr(`EX\a`)}, {Auth: ptr(vault.AuthApplication)}} {
		if _, err := w.EditIntegration(t.Context(), admin("root"), "A", 0, edit); err != nil {
			t.Error(err)
		}
	}
	if got := w.kinds()[before:]; got != " integration.deactivated integration.activated integration.credential_rotated integration.credential_rotated integration.changed integration.changed integration.changed" {
		t.Error(got)
	}
	for says, edit := range map[string]vault.IntegrationEdit{
		"both given": {Secret: typed, Generate: true}, "takes no secret": {Auth: ptr(vault.AuthWindows), Account: ptr(`EX\a`), Secret: typed},
		"needs an account": {Auth: ptr(vault.AuthWindows)}, "takes no account": {Account: ptr(`EX\a`)}, "not known": {Auth: ptr(vault.AuthType("ldap"))},
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
		w.integration(vault.IntegrationEdit{Name: ptr(fmt.Sprintf("App %d", n)), Active: ptr(n%2 == 0)})
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
	_, err := w.CreateCredential(t.Context(), admin("root"), vault.CredentialEdit{System: ptr("WEB01"), Account: ptr("Root")})
	refused(t, err, pam.ErrConflict, "already")
	got, err := w.EditCredential(t.Context(), admin("root"), "web01/root", c.Version, vault.CredentialEdit{Secret: secret.FromString(canary + "2")})
	if err != nil || !got.Rotated || got.Credential.Secret != 2 || got.Credential.Version != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	same, err := w.EditCredential(t.Context(), admin("root"), c.ID, 0, vault.CredentialEdit{Secret: secret.FromString(canary + "2")})
	if err != nil || same.Rotated || len(same.Changes) != 0 {
		t.Errorf("%+v, %v", same, err)
	}
	_, err = w.EditCredential(t.Context(), admin("root"), c.ID, 1, vault.CredentialEdit{Description: ptr("x")})
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
	w.policy(vault.PolicyEdit{Name: ptr("Guarded"), Needed: ptr(1), Approvers: &[]string{"bob", "Bob", "carol"}, Rotator: ptr("none")})
	if p, err := w.Policy(t.Context(), "guarded"); err != nil || len(p.Approval.Approvers) != 2 || p.Rotator != "" {
		t.Errorf("%+v, %v", p, err)
	}
	for says, edit := range map[string]vault.PolicyEdit{
		"3 approvals are needed": {Needed: ptr(3)}, "1 to 99": {Timeout: ptr(100 * time.Hour)}, "0.25": {Longest: ptr(time.Minute)}, "reject or accept": {Then: ptr(vault.Fallback("wait"))},
		"out of bounds": {Needed: ptr(-1)}, "restricted or shared": {Access: ptr(vault.Access("none"))}, "name is empty": {Name: ptr("")}, "approver": {Approvers: &[]string{"a\x00"}},
	} {
		_, _, err := w.EditPolicy(t.Context(), admin("root"), "guarded", 0, edit)
		refused(t, err, pam.ErrUsage, says)
	}
	p, changes, err := w.EditPolicy(t.Context(), admin("root"), "guarded", 1, vault.PolicyEdit{Longest: ptr(time.Hour), Exclusive: ptr(false)})
	if err != nil || len(changes) != 2 || p.Version != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	_, _, err = w.EditPolicy(t.Context(), admin("root"), "guarded", 1, vault.PolicyEdit{Longest: ptr(2 * time.Hour)})
	refused(t, err, pam.ErrConflict, `exclusive from "yes" to "no"`)
	_, err = w.CreatePolicy(t.Context(), admin("root"), vault.PolicyEdit{Name: ptr("GUARDED")})
	refused(t, err, pam.ErrConflict, "already")
	c := w.credential("web01/root", p.ID)
	_, err = w.DeletePolicy(t.Context(), admin("root"), "guarded")
	refused(t, err, pam.ErrConflict, "credential")
	if _, err := w.EditCredential(t.Context(), admin("root"), c.ID, 0, vault.CredentialEdit{Policy: ptr("")}); err != nil {
		t.Fatal(err)
	}
	_, err = w.EditCredential(t.Context(), admin("root"), c.ID, 0, vault.CredentialEdit{Policy: ptr("nothing")})
	refused(t, err, pam.ErrNotFound, "nothing")
	if _, err := w.DeletePolicy(t.Context(), admin("root"), "guarded"); err != nil {
		t.Error(err)
	}
	if page, err := w.Policies(t.Context(), vault.PolicyCriteria{}, ""); err != nil || len(page.Items) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	w.intact()
}

func TestAStoreIsRefusedWithoutItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	events := len(w.store.state.records)
	_, err := vault.Open(t.Context(), vault.Options{Store: w.store, Keys: &fakeKeys{current: seal.GenerateKey()}, Clock: w.clock})
	refused(t, err, pam.ErrOther, "from its backup")
	if len(w.store.state.records) != events {
		t.Error("something was written")
	}
	lost := newFakeStore()
	lost.state.versions = w.store.state.versions
	_, err = vault.Open(t.Context(), vault.Options{Store: lost, Keys: w.keys, Clock: w.clock})
	refused(t, err, pam.ErrOther, "secrets and no keys")
	moved := w.store.state.keys[vault.KeyCheckpoint]
	moved.Name = vault.KeyHash
	w.store.state.keys[vault.KeyHash] = moved
	_, err = vault.Open(t.Context(), vault.Options{Store: w.store, Keys: w.keys, Clock: w.clock})
	refused(t, err, pam.ErrOther, "can not be opened")
}

func TestAfterARotationTheOldKeyOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 5 {
		w.credential(fmt.Sprintf("web%d/root", n), "")
	}
	if _, err := w.EditCredential(t.Context(), admin("root"), "web0/root", 0, vault.CredentialEdit{Secret: secret.FromString("another")}); err != nil {
		t.Fatal(err)
	}
	old := w.keys.current
	w.keys.others, w.keys.current = []seal.Key{old}, seal.GenerateKey()
	w.store.fail = errors.New("cut")
	if _, err := w.RotateKey(t.Context(), admin("root"), nil); err == nil {
		t.Fatal("the cut went unnoticed")
	}
	told := 0
	done, err := w.RotateKey(t.Context(), admin("root"), func(n int) { told = n })
	if err != nil || done.Rewrapped != 6 || told != 6 || done.From != old.ID() || done.To != w.keys.current.ID() {
		t.Fatalf("%+v, %v", done, err)
	}
	status, err := w.KeyStatus(t.Context())
	if err != nil || status.Master != done.To || len(status.Wrappings) != 1 || status.Wrappings[0] != (vault.Wrapping{KeyID: done.To, Secrets: 6, Records: 3}) {
		t.Errorf("%+v, %v", status, err)
	}
	for _, list := range w.store.state.versions {
		for _, v := range list {
			if _, err := old.Open(v.Wrapped, nil); !errors.Is(err, seal.ErrForeignKey) {
				t.Error("the old key still fits:", err)
			}
		}
	}
	w.keys.others = nil
	w.Service = w.open()
	if _, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web1/root", 0); err != nil || !strings.HasPrefix(got, canary) {
		t.Error(err)
	}
	again, err := w.RotateKey(t.Context(), admin("root"), nil)
	if err != nil || again.Rewrapped != 0 || again.From != again.To {
		t.Errorf("%+v, %v", again, err)
	}
	w.intact()
}

// fakeRotator gives numbered secrets, or fails.
type fakeRotator struct{ fail error }

func (r fakeRotator) Rotate(_ context.Context, c vault.Credential) (secret.Value, error) {
	return secret.FromString(fmt.Sprintf("%s rotated %d", canary, c.Secret+1)), r.fail
}

func TestARotatorIsCalledAfterACheckIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Service = w.open(map[string]vault.Rotator{"good": fakeRotator{}, "bad": fakeRotator{pam.Failf(pam.ErrUnreachable, "no")}})
	for name, want := range map[string]string{"good": "credential.rotated", "bad": "credential.rotated:unreachable", "gone": "credential.rotated:not_found"} {
		w.policy(vault.PolicyEdit{Name: &name, Rotator: &name})
		c := w.credential(name+"/root", name)
		c1, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, c.Ref(), 0)
		if err != nil {
			t.Fatal(err)
		}
		e, _ := w.engine(vault.Ask{Actor: admin("alice")})
		if _, err := e.CheckIn(t.Context(), c1); err != nil {
			t.Error(err)
		}
		if !strings.HasSuffix(w.kinds(), want) {
			t.Errorf("%s: %s", name, w.kinds())
		}
	}
	if _, got, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "good/root", 0); err != nil || got != canary+" rotated 2" {
		t.Error(got, err)
	}
	w.pass(9 * time.Hour)
	if done, err := w.Maintain(t.Context()); err != nil || done.Expired != 1 || w.store.state.credentials == nil {
		t.Errorf("%+v, %v", done, err)
	}
	if _, got, err := w.checkOut(vault.Ask{Actor: admin("bob")}, "good/root", 0); err != nil || got != canary+" rotated 3" {
		t.Error(got, err)
	}
	w.intact()
}

func TestMaintenanceSignsACheckpointOnlyOfWhatIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, want := range []bool{true, false} {
		if done, err := w.Maintain(t.Context()); err != nil || done.Checkpoint != want {
			t.Errorf("%+v, %v", done, err)
		}
	}
	w.integration(vault.IntegrationEdit{Name: ptr("a")})
	if done, err := w.Maintain(t.Context()); err != nil || !done.Checkpoint || !w.store.state.checkpoints[1].Signed(w.PublicKey()) {
		t.Errorf("%+v, %v", done, err)
	}
	report, err := w.Verify(t.Context())
	if err != nil || report.Checkpoints != 2 || report.Records != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestVerifyNamesWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]func(*fakeState){
		"record 2 of chain writer": func(s *fakeState) { s.records[1].Event.Actor = "mallory" },
		"record 3 of chain writer": func(s *fakeState) { s.records = s.records[:2] },
		"the end of its chain was": func(s *fakeState) {
			s.records = s.records[:2]
			s.head = audit.Head{Chain: "writer", Seq: 2, Hash: s.records[1].Hash, MAC: s.head.MAC}
		},
		"wrong signature": func(s *fakeState) { s.checkpoints[0].Time = s.checkpoints[0].Time.Add(time.Hour) },
	} {
		w := newWorld(t)
		w.integration(vault.IntegrationEdit{Name: ptr("a")})
		w.integration(vault.IntegrationEdit{Name: ptr("b")})
		if _, err := w.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.intact()
		tamper(&w.store.state)
		_, err := w.Verify(t.Context())
		refused(t, err, pam.ErrOther, name)
	}
}

func TestAReleasedValueIsFoundByItsHash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	c, got, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", 0)
	if err != nil {
		t.Fatal(err)
	}
	page, err := w.Released(t.Context(), secret.FromString(got), "")
	if err != nil || len(page.Items) != 1 || page.Items[0].Event.Lease != c.ID {
		t.Errorf("%+v, %v", page, err)
	}
	if page, err = w.Released(t.Context(), secret.FromString("never"), ""); err != nil || len(page.Items) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	_, err = w.Released(t.Context(), secret.Value{}, "")
	refused(t, err, pam.ErrUsage, "empty")
}

func TestAnExportFollowsAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 5 {
		w.integration(vault.IntegrationEdit{Name: ptr(fmt.Sprint(n))})
	}
	var out bytes.Buffer
	follow := make(chan time.Time)
	done := make(chan error)
	go func() {
		done <- w.Export(t.Context(), vault.EventCriteria{Paging: vault.Paging{Limit: 2}}, &out, audit.JSON, follow)
	}()
	follow <- w.now
	w.integration(vault.IntegrationEdit{Name: ptr("late")})
	follow <- w.now
	follow <- w.now
	close(follow)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	report, err := audit.Verifier{Heads: []audit.Head{w.store.state.head}}.Verify(audit.ReadLines(&out))
	if err != nil || report.Records != 7 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestManyAtOnceHoldOneCredentialOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	var wait sync.WaitGroup
	won := make(chan string, 100)
	for n := range 16 {
		wait.Go(func() {
			who := admin(fmt.Sprintf("user%d", n))
			for range 5 {
				c, _, err := w.checkOut(vault.Ask{Actor: who}, "web01/root", 0)
				if err == nil {
					won <- c.ID
					e, _ := w.engine(vault.Ask{Actor: who})
					_, err = e.CheckIn(t.Context(), c)
				}
				if err != nil && !errors.Is(err, pam.ErrCheckedOut) {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	close(won)
	ids := map[string]bool{}
	for id := range won {
		ids[id] = true
	}
	if len(ids) == 0 || len(ids) != len(w.store.state.leases) {
		t.Errorf("%d won, %d leases", len(ids), len(w.store.state.leases))
	}
	w.intact()
}
