package vaultapp_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
	"github.com/redim-tools/redim/pkg/vaultapp"
)

const canary = `c4nary-Pa55/+"<&é`

// newApp is an App with a home of its own, and what it says.
func newApp(t *testing.T, home string) (*vaultcli.App, *bytes.Buffer) {
	t.Helper()
	said := &bytes.Buffer{}
	getenv := func(name string) string {
		if name == "HOME" {
			return home
		}
		return ""
	}
	return vaultapp.New(app.New("vault", term.With(strings.NewReader(""), said, said, term.Facts{}), getenv)), said
}

func open(t *testing.T, a *vaultcli.App) *vaultcli.Vault {
	t.Helper()
	v, err := a.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

func fill(t *testing.T, v *vaultcli.Vault, n int) {
	t.Helper()
	rows := make([]vault.CredentialRow, n)
	for i := range rows {
		system, account := fmt.Sprintf("web%03d", i), "root"
		rows[i] = vault.CredentialRow{Line: i, CredentialEdit: vault.CredentialEdit{System: &system, Account: &account, Secret: secret.FromString(canary)}}
	}
	if _, err := v.ImportCredentials(t.Context(), v.Actor, rows, false); err != nil {
		t.Fatal(err)
	}
}

// checkOut obtains one credential, whose secret must be the one that was kept.
func checkOut(ctx context.Context, v *vaultcli.Vault, system string) error {
	session, err := v.Session(vault.Ask{Actor: v.Actor})
	if err != nil {
		return err
	}
	e := &engine.Engine{Source: session, Journal: session, NewID: vault.NewID, Clock: time.Now}
	_, release, err := e.CheckOut(ctx, engine.CheckOutRequest{Identity: pam.Identity{Name: v.Actor.Name}, Credential: pam.Credential{System: system, Account: "root"}})
	if err == nil && !release.Secret.Equal(secret.FromString(canary)) {
		err = fmt.Errorf("%s has another secret", system)
	}
	return err
}

func TestCheckOutsGoOnWhileTheKeyIsRotated(t *testing.T) {
	t.Parallel()
	a, _ := newApp(t, t.TempDir())
	const count = 400
	fill(t, open(t, a), count)
	var wg sync.WaitGroup
	for caller := range 4 {
		v := open(t, a)
		wg.Go(func() {
			for i := caller; i < count; i += 4 {
				if err := checkOut(t.Context(), v, fmt.Sprintf("web%03d", i)); err != nil {
					t.Errorf("web%03d: %v", i, err)
				}
			}
		})
	}
	key, err := a.MasterKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done, err := key.Rotate(t.Context(), "", func(int) {})
	wg.Wait()
	if err != nil || done.Rewrapped != count || done.From == done.To {
		t.Fatalf("%+v, %v", done, err)
	}
	v := open(t, a)
	st, err := v.KeyStatus(t.Context())
	if err != nil || len(st.Wrappings) != 1 || st.Master != done.To {
		t.Errorf("%+v, %v", st, err)
	}
	if _, err := v.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if err := os.Rename(done.Old, done.New); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "holds another key") {
		t.Errorf("the old key still opens the store: %v", err)
	}
}

func TestARotationGoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	a, _ := newApp(t, home)
	fill(t, open(t, a), 450)
	key, err := a.MasterKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := key.Rotate(ctx, "", func(int) { cancel() }); err == nil {
		t.Fatal("it was not interrupted")
	}
	v := open(t, a)
	half, err := v.KeyStatus(t.Context())
	if err != nil || len(half.Wrappings) != 2 || half.Begun == "" {
		t.Fatalf("%+v, %v", half, err)
	}
	if err := checkOut(t.Context(), v, "web000"); err != nil {
		t.Error(err)
	}
	if err := checkOut(t.Context(), v, "web449"); err != nil {
		t.Error(err)
	}
	done, err := key.Rotate(t.Context(), "", nil)
	if err != nil || done.To != half.Master || done.Old != "" {
		t.Errorf("%+v, %v", done, err)
	}
	whole, err := v.KeyStatus(t.Context())
	if err != nil || len(whole.Wrappings) != 1 || whole.Wrappings[0].Secrets != 450 || whole.Begun != "" {
		t.Errorf("%+v, %v", whole, err)
	}
	kept, err := filepath.Glob(filepath.Join(home, ".local", "share", "redim", "master.key*"))
	if err != nil || len(kept) > 3 { // the key, the old one, and a lock
		t.Errorf("%v, %v", kept, err)
	}
}

func TestNothingSecretIsInTheFilesOfAStore(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	a, said := newApp(t, home)
	v := open(t, a)
	fill(t, v, 20)
	if err := checkOut(t.Context(), v, "web007"); err != nil {
		t.Fatal(err)
	}
	at, err := a.Storage()
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(home, "copy.db")
	if err := at.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(at.Path + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, path := range append(files, copied) {
		data, err := os.ReadFile(path)
		if err != nil || bytes.Contains(data, []byte("c4nary")) {
			t.Errorf("%s holds a secret, or can't be read: %v", path, err)
		}
	}
	if strings.Contains(said.String(), "c4nary") || !strings.Contains(said.String(), "made the master key") {
		t.Errorf("said: %s", said)
	}
}
