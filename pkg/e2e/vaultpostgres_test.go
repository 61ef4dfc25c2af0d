package e2e

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestScriptsOfVaultOnPostgreSQL runs the scripts of vault, but for those that
// are about the file of a SQLite store, each in a schema of its own on one server.
// What a script left there is searched for secrets as its files are.
func TestScriptsOfVaultOnPostgreSQL(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	p := params("vault", "")
	p.Files = notAboutFiles(t)
	begin := p.Setup
	p.Setup = func(e *testscript.Env) error {
		if err := begin(e); err != nil {
			return err
		}
		address := server.Database(t)
		_, err := store.Migrate(context.Background(), store.Options{Address: address, Now: time.Now, NewID: vault.NewID})
		e.Setenv("REDIM_STORE", address)
		e.Defer(func() {
			if err := os.WriteFile(filepath.Join(e.WorkDir, "dump.sql"), []byte(server.Dump(t, schemaOf(address))), 0o600); err != nil {
				t.Error(err)
			}
		})
		return err
	}
	testscript.RunT(&watched{T: t}, p)
}

// TestAServerIsReachedThroughItsSocket is for one machine: no port is open then, and
// the server knows the user from the system.
func TestAServerIsReachedThroughItsSocket(t *testing.T) {
	t.Parallel()
	server := storetest.Start(t)
	h := newVaultHome(t, server.SocketURL("postgres"), "web01/svc")
	h.must("admin", "checkout", "web01/svc", "--field", "password")
	if open := h.held(h.open()); len(open) != 1 {
		t.Errorf("%v is open", open)
	}
	server.Stop()
	if out, code, said := h.run("admin", "store", "check"); code != 109 || out != "" || !strings.Contains(said, server.Dir) {
		t.Errorf("%d: %s%s", code, out, said)
	}
}

// notAboutFiles are the scripts that any store will do for.
func notAboutFiles(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(scripts, "vault", "*.txtar"))
	if err != nil || len(all) == 0 {
		t.Fatalf("%d scripts, %v", len(all), err)
	}
	about := []string{"config.txtar", "store.txtar", "store_damaged.txtar", "store_failures.txtar", "store_readonly.txtar"}
	return slices.DeleteFunc(all, func(path string) bool { return slices.Contains(about, filepath.Base(path)) })
}
