package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

func TestMaintenanceSignsACheckpointOnlyOfWhatIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, want := range []bool{true, false} {
		if done, err := w.Maintain(t.Context()); err != nil || done.Checkpoint != want {
			t.Errorf("%+v, %v", done, err)
		}
	}
	w.integration(vault.IntegrationEdit{Name: new("a")})
	if done, err := w.Maintain(t.Context()); err != nil || !done.Checkpoint || !w.store.state.checkpoints[1].Signed(w.PublicKey()) {
		t.Errorf("%+v, %v", done, err)
	}
	if list, err := w.Checkpoints(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	report, err := w.Verify(t.Context())
	if err != nil || report.Checkpoints != 2 || report.Records != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

// patient notes until when its last View may take.
type patient struct {
	*fakeStore
	until time.Time
}

func (p *patient) View(ctx context.Context, read func(context.Context, vault.Reader) error) error {
	p.until, _ = ctx.Deadline()
	return p.fakeStore.View(ctx, read)
}

// TestVerifyHasTimeForMillionsOfRecords wants more than the half minute that a
// store gives a unit whose caller sets no end.
func TestVerifyHasTimeForMillionsOfRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := &patient{fakeStore: w.store}
	s, err := vault.Open(t.Context(), vault.Options{Store: p, Keys: w.keys, Clock: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context()); err != nil || time.Until(p.until) < time.Hour {
		t.Errorf("until %s, %v", p.until, err)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.Verify(soon); err != nil || time.Until(p.until) > time.Minute {
		t.Errorf("the caller's end counts: until %s, %v", p.until, err)
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
		w.integration(vault.IntegrationEdit{Name: new("a")})
		w.integration(vault.IntegrationEdit{Name: new("b")})
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
		w.integration(vault.IntegrationEdit{Name: new(fmt.Sprint(n))})
	}
	var out bytes.Buffer
	follow := make(chan time.Time)
	done := make(chan error)
	go func() {
		done <- w.Export(t.Context(), vault.EventCriteria{Paging: vault.Paging{Limit: 2}}, &out, audit.JSON, follow)
	}()
	follow <- w.now
	w.integration(vault.IntegrationEdit{Name: new("late")})
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

func TestAClockThatIsSetBackBreaksNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	c, _, err := w.checkOut(vault.Ask{Actor: admin("alice")}, "web01/root", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(-48 * time.Hour)
	_, _, err = w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", time.Hour)
	refused(t, err, pam.ErrCheckedOut, "alice")
	if done, err := w.Maintain(t.Context()); err != nil || done.Expired != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	e, _ := w.engine(vault.Ask{Actor: admin("alice")})
	if _, err := e.CheckIn(t.Context(), c); err != nil {
		t.Error(err)
	}
	if _, _, err = w.checkOut(vault.Ask{Actor: admin("bob")}, "web01/root", time.Hour); err != nil {
		t.Error(err)
	}
	w.intact()
}

// TestNoSecretIsInWhatAStoreKeeps looks for the marker in everything that a
// store is given, plain and as it may be encoded.
func TestNoSecretIsInWhatAStoreKeeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/root", "")
	w.integration(vault.IntegrationEdit{Name: new("a"), Secret: secret.FromString(canary)})
	ask := vault.Ask{Actor: admin("alice")}
	c, got, err := w.checkOut(ask, "web01/root", 0)
	if err != nil || !strings.Contains(got, "c4nary") {
		t.Fatal(err)
	}
	e, _ := w.engine(ask)
	if _, err := e.CheckIn(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := w.EditCredential(t.Context(), admin("root"), "web01/root", 0, vault.CredentialEdit{Secret: secret.FromString(canary)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.DeleteIntegration(t.Context(), admin("root"), "a"); err != nil {
		t.Fatal(err)
	}
	kept := fmt.Sprintf("%+v", w.store.state)
	for _, list := range w.store.state.versions {
		for _, v := range list {
			kept += string(v.Sealed) + string(v.Wrapped)
		}
	}
	for _, r := range w.store.state.records {
		for _, line := range []audit.Line{audit.JSON, audit.CEF, audit.Syslog("h")} {
			text, err := line(r)
			if err != nil {
				t.Fatal(err)
			}
			kept += string(text)
		}
	}
	hexed := fmt.Sprintf("%x", "c4nary")
	for _, form := range []string{"c4nary", hexed, "YzRuYXJ5", "M0bmFye", "jNG5hcn", fmt.Sprint([]byte("c4nary"))[1:]} {
		if strings.Contains(kept, form) {
			t.Errorf("a secret is kept as %s", form)
		}
	}
}
