package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// TestAStoreThatIsLockedIsReadAndNamed holds the lock of a SQLite store for as
// long as a command is ready to wait: what reads works, what writes is refused
// without having done anything, and afterwards it works.
func TestAStoreThatIsLockedIsReadAndNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "vault.db")
	h := newVaultHome(t, "sqlite:"+path, "web01/root")
	at, err := sqldb.ParseAddress("sqlite:" + path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.OpenSQLite(at, sqldb.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	holding, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- db.Write(context.Background(), func(context.Context, *sqldb.Tx) error { close(holding); <-release; return nil })
	}()
	<-holding
	if out, code, talk := h.run("alice", "credentials", "list"); code != 0 || !strings.HasPrefix(out, "web01/root\t") {
		t.Errorf("list: code %d: %q, %s", code, out, talk)
	}
	out, code, talk := h.run("alice", "checkout", "web01/root", "--field", "password")
	if code != 109 || out != "" || !strings.Contains(talk, "is locked by another process") || !strings.Contains(talk, "hint: try again") {
		t.Errorf("checkout: code %d: %q, %s", code, out, talk)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if out := h.must("alice", "checkout", "web01/root", "--field", "password"); out != "c4nary-web01/root\n" {
		t.Errorf("afterwards: %q", out)
	}
	v := h.open()
	defer func() { _ = v.Close() }()
	h.sound(v)
	if n := len(h.releases(v)[""]); n != 1 {
		t.Errorf("%d releases are on record, want one", n)
	}
}
