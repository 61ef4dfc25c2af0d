package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

// TestAKilledImportIsAllOrNothing kills imports at random instants: there are
// all rows or none, and the import run again gives the same end as run once.
func TestAKilledImportIsAllOrNothing(t *testing.T) {
	t.Parallel()
	const rows = 600
	file := filepath.Join(t.TempDir(), "accounts.csv")
	text := strings.Builder{}
	text.WriteString("system,account,secret\n")
	for n := range rows {
		fmt.Fprintf(&text, "sys%d,root,c4nary-%d\n", n, n)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	within := 100 * time.Millisecond
	for round := range min(killRounds(t), 20) {
		h := newVaultHome(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"))
		cmd := h.command("alice", "credentials", "import", file)
		_, code, _ := h.finish(cmd, func() {
			timer := time.AfterFunc(rand.N(2*within), func() { _ = cmd.Process.Kill() })
			t.Cleanup(func() { timer.Stop() })
		})
		if n := h.credentials(); n != 0 && n != rows || code == 0 && n != rows {
			t.Fatalf("round %d: code %d, and %d of %d rows are there", round, code, n, rows)
		}
		began := time.Now()
		h.must("alice", "credentials", "import", file)
		within = time.Since(began)
		_, _, talk := h.run("alice", "credentials", "import", file)
		if want := fmt.Sprintf("0 added, 0 changed, %d as they were", rows); !strings.Contains(talk, want) || h.credentials() != rows {
			t.Fatalf("round %d: imported again: %s", round, talk)
		}
	}
}

// credentials counts what the store has, and checks the record.
func (h vaultHome) credentials() int {
	h.Helper()
	v := h.open()
	defer func() { _ = v.Close() }()
	h.sound(v)
	page, err := v.Credentials(h.Context(), vault.CredentialCriteria{Paging: vault.Paging{Limit: vault.MaxPage}}, "")
	if err != nil {
		h.Fatal(err)
	}
	return len(page.Items)
}
