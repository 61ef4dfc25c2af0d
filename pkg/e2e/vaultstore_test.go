package e2e

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
	"github.com/redim-tools/redim/pkg/vaultapp"
)

// storeKinds are the stores that tests of many processes run on.
func storeKinds() map[string]func(t *testing.T) string {
	return map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "vault.db") },
		"postgres": func(t *testing.T) string { return storetest.Start(t).Database(t) },
	}
}

// vaultHome is a user's directory and a store, for processes that work at once.
type vaultHome struct {
	*testing.T
	env map[string]string
}

// vaultHomeAt is a home beside a store that it does not touch.
func vaultHomeAt(t *testing.T, address string) vaultHome {
	t.Helper()
	dir := t.TempDir()
	return vaultHome{T: t, env: map[string]string{
		"HOME": dir, "REDIM_STORE": address, "REDIM_DATA_DIR": filepath.Join(dir, "data"), "REDIM_STATE_DIR": filepath.Join(dir, "state"),
		"REDIM_CONFIG": filepath.Join(dir, "settings.yaml"), "REDIM_CACHE_DIR": filepath.Join(dir, "cache"), "CI": "1", "GORACE": "atexit_sleep_ms=0",
	}}
}

// newVaultHome migrates a store and puts credentials into it. The secret of each
// is its own name behind the marker.
func newVaultHome(t *testing.T, address string, refs ...string) vaultHome {
	t.Helper()
	h := vaultHomeAt(t, address)
	h.must("admin", "store", "migrate")
	for _, ref := range refs {
		cmd := h.command("admin", "credentials", "add", ref, "--secret-from", "-")
		cmd.Stdin = strings.NewReader("c4nary-" + ref)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("credentials add %s: %v\n%s", ref, err, out)
		}
	}
	return h
}

// command makes vault as a person runs it.
func (h vaultHome) command(who string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(h.Context(), "person", append([]string{who}, args...)...)
	cmd.Env = os.Environ()
	for name, value := range h.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// must runs a command that has to succeed, and returns what it wrote.
func (h vaultHome) must(who string, args ...string) string {
	h.Helper()
	out, code, talk := h.run(who, args...)
	if code != 0 {
		h.Fatalf("%s: %s: code %d\n%s", who, strings.Join(args, " "), code, talk)
	}
	return out
}

// run runs a command to its end. A signal is the code -1.
func (h vaultHome) run(who string, args ...string) (out string, code int, talk string) {
	h.Helper()
	return h.finish(h.command(who, args...), nil)
}

// finish runs a command; started is called when it runs.
func (h vaultHome) finish(cmd *exec.Cmd, started func()) (out string, code int, talk string) {
	h.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Start()
	if err == nil {
		if started != nil {
			started()
		}
		err = cmd.Wait()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return stdout.String(), exit.ExitCode(), stderr.String()
	}
	if err != nil {
		h.Error(err)
	}
	return stdout.String(), 0, stderr.String()
}

// open opens the vault in this process, to look at what the others left.
func (h vaultHome) open() *vaultcli.Vault {
	h.Helper()
	getenv := func(name string) string { return h.env[name] }
	streams := term.With(strings.NewReader(""), io.Discard, io.Discard, term.Facts{})
	v, err := vaultapp.New(app.New("vault", streams, getenv)).Open(context.Background())
	if err != nil {
		h.Fatal(err)
	}
	return v
}

// releases are the events that say that a secret was released, by comment.
func (h vaultHome) releases(v *vaultcli.Vault) map[string][]audit.Event {
	h.Helper()
	found := map[string][]audit.Event{}
	for cursor := ""; ; {
		page, err := v.Events(h.Context(), vault.EventCriteria{Kinds: []audit.Kind{audit.CheckoutOutcome}, Paging: vault.Paging{Limit: vault.MaxPage}}, cursor)
		if err != nil {
			h.Fatal(err)
		}
		for _, r := range page.Items {
			if r.Event.Outcome == audit.OutcomeReleased {
				found[r.Event.Comment] = append(found[r.Event.Comment], r.Event)
			}
		}
		if cursor = page.Next; cursor == "" {
			return found
		}
	}
}

// held are the open leases.
func (h vaultHome) held(v *vaultcli.Vault) []vault.Lease {
	h.Helper()
	page, err := v.Leases(h.Context(), vault.LeaseCriteria{State: vault.LeaseOpen, Paging: vault.Paging{Limit: vault.MaxPage}}, "")
	if err != nil {
		h.Fatal(err)
	}
	return page.Items
}

// sound checks the record of events.
func (h vaultHome) sound(v *vaultcli.Vault) {
	h.Helper()
	if _, err := v.Verify(h.Context()); err != nil {
		h.Fatal(err)
	}
}
