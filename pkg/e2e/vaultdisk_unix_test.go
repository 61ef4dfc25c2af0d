//go:build unix

package e2e

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestAFullDiskReleasesNothingWithoutAnEvent lets files grow no further than so
// many blocks, from none at all to enough, so that check-outs fail at different
// writes.
func TestAFullDiskReleasesNothingWithoutAnEvent(t *testing.T) {
	t.Parallel()
	h := newVaultHome(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"), "web01/root")
	released, refused := 0, 0
	for _, blocks := range []int{0, 16, 63, 64, 65, 72, 80, 88, 96, 104, 112, 120, 128, 4096} {
		cmd := h.command("alice", "checkout", "web01/root", "--field", "password")
		cmd.Args = append([]string{"sh", "-c", `ulimit -f "$0" && exec "$@"`, strconv.Itoa(blocks)}, cmd.Args...)
		cmd.Path = "/bin/sh"
		out, code, talk := h.finish(cmd, nil)
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
