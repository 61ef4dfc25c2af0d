package e2e

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// keptStore is a store whose bytes on disk can be looked at.
type keptStore struct {
	address string
	files   func() []string
}

func keptStores() map[string]func(t *testing.T) keptStore {
	return map[string]func(t *testing.T) keptStore{
		"sqlite": func(t *testing.T) keptStore {
			path := filepath.Join(t.TempDir(), "vault.db")
			return keptStore{"sqlite:" + path, func() []string {
				found, _ := filepath.Glob(path + "*")
				return found
			}}
		},
		"postgres": func(t *testing.T) keptStore {
			server := storetest.Start(t)
			return keptStore{server.Database(t), func() []string { return server.Files(t) }}
		},
	}
}

// fill imports so many credentials sysN/root, whose secrets are c4nary-N.
func (h vaultHome) fill(n int) {
	h.Helper()
	text := strings.Builder{}
	text.WriteString("system,account,secret\n")
	for n := range n {
		fmt.Fprintf(&text, "sys%d,root,c4nary-%d\n", n, n)
	}
	file := filepath.Join(h.TempDir(), "accounts.csv")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		h.Fatal(err)
	}
	h.must("admin", "credentials", "import", file)
}

// TestTheKeyOf10000CredentialsIsRotatedWhileCheckOutsRun lets people check out
// for as long as the rotation takes. None fails; afterwards no file of the store
// holds anything that the old key wraps.
func TestTheKeyOf10000CredentialsIsRotatedWhileCheckOutsRun(t *testing.T) {
	t.Parallel()
	const credentials = 10_000
	for name, kind := range keptStores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := kind(t)
			h := newVaultHome(t, kept.address)
			h.fill(credentials)
			key := filepath.Join(h.env["REDIM_DATA_DIR"], "master.key")
			old, before := h.masterKey(), h.copyOf(key)
			rotated, out := make(chan struct{}), 0
			var people sync.WaitGroup
			var mu sync.Mutex
			for person := range 3 {
				people.Go(func() {
					n := h.checkOutUntil(rotated, fmt.Sprintf("p%d", person), credentials)
					mu.Lock()
					defer mu.Unlock()
					out += n
				})
			}
			began := time.Now()
			_, code, talk := h.run("admin", "key", "rotate")
			t.Logf("rotated in %s", time.Since(began).Round(time.Millisecond))
			close(rotated)
			people.Wait()
			t.Logf("%d check-outs meanwhile", out)
			if code != 0 || !strings.Contains(talk, "10000 secrets were wrapped by it") {
				t.Fatalf("code %d: %s", code, talk)
			}
			if n := wrappedBy(t, kept.files(), old); n > 0 {
				t.Errorf("%d places in the files of the store hold what the old key wraps", n)
			}
			h.soundWithOneKey()
			if _, code, talk := h.run("alice", "checkouts", "--set", "key=file:"+before); code != 1 || !strings.Contains(talk, "holds another key") {
				t.Errorf("with the old key: code %d: %s", code, talk)
			}
		})
	}
}

// checkOutUntil checks one credential after the other out, none twice, until the
// channel is closed, and returns how many it had.
func (h vaultHome) checkOutUntil(done <-chan struct{}, who string, credentials int) (n int) {
	for {
		number := rand.IntN(credentials)
		out, code, talk := h.run(who, "checkout", fmt.Sprintf("sys%d/root", number), "--field", "password")
		switch {
		case code == 107: // somebody has it
		case code != 0 || out != fmt.Sprintf("c4nary-%d\n", number):
			h.Errorf("%s: sys%d/root: code %d: %s", who, number, code, talk)
			return n
		default:
			n++
		}
		select {
		case <-done:
			return n
		default:
		}
	}
}

// masterKey is the id of the key that wraps everything new.
func (h vaultHome) masterKey() string { return h.keyStatus().Master }

func (h vaultHome) keyStatus() vault.KeyStatus {
	h.Helper()
	v := h.open()
	defer func() { _ = v.Close() }()
	st, err := v.KeyStatus(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	return st
}

func (h vaultHome) copyOf(file string) string {
	h.Helper()
	data, err := os.ReadFile(file)
	copied := filepath.Join(h.TempDir(), "copy")
	if err == nil {
		err = os.WriteFile(copied, data, 0o600)
	}
	if err != nil {
		h.Fatal(err)
	}
	return copied
}

// wrappedBy counts the envelopes of a key in files: each begins with a mark, a
// version and the key's id.
func wrappedBy(t *testing.T, files []string, key string) (places int) {
	t.Helper()
	id, err := hex.DecodeString(key)
	if err != nil || len(id) != 8 {
		t.Fatalf("%q is no id of a key: %v", key, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		places += bytes.Count(data, append([]byte("rdms\x01"), id...))
	}
	return places
}

// soundWithOneKey checks that one key wraps everything and that each rotation
// has begun once and ended once.
func (h vaultHome) soundWithOneKey() {
	h.Helper()
	st := h.keyStatus()
	if len(st.Wrappings) != 1 || st.Wrappings[0].KeyID != st.Master || st.Begun != "" {
		h.Fatalf("%+v", st)
	}
	v := h.open()
	defer func() { _ = v.Close() }()
	h.sound(v)
	page, err := v.Events(h.Context(), vault.EventCriteria{Kinds: []audit.Kind{audit.KeyRotated}, Paging: vault.Paging{Limit: vault.MaxPage}}, "")
	if err != nil {
		h.Fatal(err)
	}
	turns := map[string]int{}
	for _, r := range page.Items {
		for _, c := range r.Event.Changes {
			turns[r.Event.Outcome+" "+c.Old+" "+c.New]++
		}
	}
	for turn, n := range turns {
		outcome, keys, _ := strings.Cut(turn, " ")
		if n != 1 || outcome == "" && turns[audit.OutcomeDone+" "+keys] != 1 {
			h.Fatalf("a rotation was not begun once and ended once: %v", turns)
		}
	}
}

// TestAKilledRotationIsEndedByTheNext kills rotations at random instants and
// runs them again: one key wraps everything, the others nothing.
func TestAKilledRotationIsEndedByTheNext(t *testing.T) {
	t.Parallel()
	for name, kind := range keptStores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := kind(t)
			h := newVaultHome(t, kept.address)
			const credentials = 500
			h.fill(credentials)
			within, killed, rounds := 100*time.Millisecond, 0, min(killRounds(t), 30)
			for round := range rounds {
				old := h.masterKey()
				cmd := h.command("admin", "key", "rotate")
				_, code, _ := h.finish(cmd, func() {
					timer := time.AfterFunc(rand.N(within), func() { _ = cmd.Process.Kill() })
					t.Cleanup(func() { timer.Stop() })
				})
				if code != 0 {
					killed++
				}
				key := fmt.Sprintf("sys%d/root", round%credentials)
				if out, code, talk := h.run("alice", "checkout", key, "--field", "password"); code != 0 || !strings.HasPrefix(out, "c4nary-") {
					t.Fatalf("round %d: after the kill: code %d: %s", round, code, talk)
				}
				h.must("alice", "checkin", "--all")
				began := time.Now()
				h.must("admin", "key", "rotate")
				within = 2 * time.Since(began)
				h.soundWithOneKey()
				if n := wrappedBy(t, kept.files(), old); n > 0 {
					t.Fatalf("round %d: %d places hold what the old key wraps", round, n)
				}
			}
			t.Logf("%d rotations of %d were killed", killed, rounds)
		})
	}
}
