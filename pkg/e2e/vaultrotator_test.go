//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/child/childtest"
)

// setter is a rotator for a system that is a file: it sets what is proposed, and
// takes its time about it.
const setter = `set -eu
proposed=$(sed 's/.*"proposed":"//; s/".*//')
printf '%%s\n' "$proposed" > %[1]s.new.$$
mv %[1]s.new.$$ %[1]s
sleep 0.02
printf '%%s\n' "$proposed"
`

// TestAKilledRotationOfACredentialLosesNoPassword kills check-ins, whose rotator
// changes a password, at random instants. Maintenance then brings the vault and
// the system to the same password.
func TestAKilledRotationOfACredentialLosesNoPassword(t *testing.T) {
	t.Parallel()
	for name, address := range storeKinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newVaultHome(t, address(t), "web01/root")
			dir := t.TempDir()
			system, program := filepath.Join(dir, "system"), filepath.Join(dir, "rotate")
			childtest.WriteProgram(t, program, fmt.Sprintf(setter, system))
			h.must("admin", "config", "set", "rotators.setter", "cmd:"+program)
			h.must("admin", "policies", "new", "turning", "--rotator", "setter")
			h.must("admin", "credentials", "edit", "web01/root", "--policy", "turning")
			within, killed, versions := 200*time.Millisecond, 0, map[string]bool{}
			for round := range killRounds(t) {
				h.must("alice", "checkout", "web01/root", "--field", "id")
				cmd := h.command("alice", "checkin", "--all")
				began := time.Now()
				var timer *time.Timer
				_, code, _ := h.finish(cmd, func() {
					timer = time.AfterFunc(rand.N(within), func() { _ = cmd.Process.Kill() })
				})
				timer.Stop()
				if code == 0 {
					within = 2 * time.Since(began)
				} else {
					killed++
				}
				h.must("alice", "checkin", "--all")
				h.later("10m", "maintain")
				out := h.must("bob", "checkout", "web01/root", "--field", "password")
				want, err := os.ReadFile(system)
				if err != nil || out != string(want) {
					t.Fatalf("round %d: the vault and the system have different passwords; %v", round, err)
				}
				versions[out] = true
				h.must("bob", "checkin", "--all")
			}
			v := h.open()
			defer func() { _ = v.Close() }()
			h.sound(v)
			t.Logf("%d check-ins were killed, %d passwords were seen", killed, len(versions))
		})
	}
}

// later runs a command some time from now, which must succeed.
func (h vaultHome) later(shift string, args ...string) {
	h.Helper()
	cmd := exec.CommandContext(h.Context(), "later", append([]string{shift}, args...)...)
	cmd.Env = h.command("").Env
	if _, code, talk := h.finish(cmd, nil); code != 0 {
		h.Fatalf("later %s %s: code %d: %s", shift, strings.Join(args, " "), code, talk)
	}
}
