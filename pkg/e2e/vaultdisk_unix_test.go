//go:build unix

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestAFullDiskReleasesNothingWithoutAnEvent lets files grow no further than so
// many blocks, from none at all to enough, so that check-outs fail at different
// writes.
func TestAFullDiskReleasesNothingWithoutAnEvent(t *testing.T) {
	t.Parallel()
	h := newVaultHome(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"), "web01/root")
	released, refused := 0, 0
	for _, blocks := range []int{0, 16, 63, 64, 65, 72, 80, 88, 96, 104, 112, 120, 128, 4096} {
		out, code, talk := h.finish(h.bounded(blocks, "alice", "checkout", "web01/root", "--field", "password"), nil)
		switch code {
		case 0:
			released++
		case 109, 110:
			refused++
			if out != "" || !strings.Contains(talk, "hint: ") {
				t.Errorf("%d blocks: refused, and yet %q was written; %s", blocks, out, talk)
			}
		default:
			t.Errorf("%d blocks: code %d: %s", blocks, code, talk)
		}
		h.must("alice", "checkin", "--all")
	}
	v := h.open()
	defer func() { _ = v.Close() }()
	h.sound(v)
	if events := len(h.releases(v)[""]); events != released {
		t.Errorf("%d secrets were released, and %d events tell so", released, events)
	}
	if released == 0 || refused == 0 {
		t.Errorf("%d check-outs went through and %d did not: the blocks are not those to try", released, refused)
	}
}

// bounded makes a command whose files may not grow beyond so many blocks.
func (h vaultHome) bounded(blocks int, who string, args ...string) *exec.Cmd {
	cmd := h.command(who, args...)
	cmd.Args = append([]string{"sh", "-c", `ulimit -f "$0" && exec "$@"`, strconv.Itoa(blocks)}, cmd.Args...)
	cmd.Path = "/bin/sh"
	return cmd
}

// TestOnAFullDiskWhatOnlyReadsWorksAllTheSame lets a check-out run out, so that
// the next command has something to end and no room to write that down.
func TestOnAFullDiskWhatOnlyReadsWorksAllTheSame(t *testing.T) {
	t.Parallel()
	const many = 20 // whose ends need more pages than there is room for
	var refs []string
	for n := range many {
		refs = append(refs, fmt.Sprintf("web%02d/root", n+1))
	}
	h := newVaultHome(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"), refs...)
	v := h.open()
	session, err := v.Session(vault.Ask{Actor: vault.Actor{Kind: vault.ActorAdmin, Name: "alice"}})
	if err != nil {
		t.Fatal(err)
	}
	past := func() time.Time { return time.Now().Add(-time.Hour) }
	e := &engine.Engine{Source: session, Journal: session, Clock: past, NewID: vault.NewLeaseID}
	for _, ref := range refs {
		system, account, _ := strings.Cut(ref, "/")
		_, release, err := e.CheckOut(t.Context(), engine.CheckOutRequest{
			Identity: pam.Identity{Name: "alice"}, Credential: pam.Credential{System: system, Account: account}, For: time.Microsecond,
		})
		release.Secret.Wipe()
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	out, code, talk := h.finish(h.bounded(64, "alice", "credentials", "list"), nil)
	if code != 0 || !strings.HasPrefix(out, "web01/root\t") || !strings.Contains(talk, "what is over could not be checked in") {
		t.Errorf("code %d: %q, %s", code, out, talk)
	}
	if out := h.must("alice", "checkouts"); out != "" {
		t.Errorf("with room again, %s is still open", out)
	}
}
