package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

// crowd is an estate of fifty users who may all see one account.
const crowd = `
roles:
  - name: users
    permissions: [Logon]
identities:
  - name: svc-redim
    permissions: [Logon, AllAccess]
    impersonates: [users]
  - name: user{n}
    repeat: 50
    roles: [users]
systems:
  - name: web01
    type: windows
    accounts:
      - name: Administrator
grants:
  - to: users
    systems: [web01]
    permissions: [ViewAccounts, ViewPasswords]
settings:
  api_user: svc-redim
`

// home is a user's directory beside a server.
type home struct {
	server *redimtest.Running
	dir    string
}

func newHome(t *testing.T, faults ...string) home {
	t.Helper()
	return newHomeOf(t, crowd, faults...)
}

// redim makes a command of this home.
func (h home) redim(args ...string) *exec.Cmd {
	cmd := exec.Command("redim", args...)
	cmd.Env = append(os.Environ(), "HOME="+h.dir, "GORACE=atexit_sleep_ms=0", "CI=1", "REDIM_CONFIG="+filepath.Join(h.dir, "settings.yaml"),
		"REDIM_CACHE_DIR="+filepath.Join(h.dir, "cache"), "REDIM_STATE_DIR="+filepath.Join(h.dir, "state"))
	return cmd
}

func (h home) testSettings(user int) *exec.Cmd {
	return h.redim("test-settings", "--user", "user"+strconv.Itoa(user), "--endpoint", "web01")
}

// TestFiftyProcessesSignInOnce starts fifty processes at the same moment with an
// empty cache, for one user and for fifty.
func TestFiftyProcessesSignInOnce(t *testing.T) {
	for _, tt := range []struct{ users, want int }{{1, 1}, {50, 50}} {
		t.Run(fmt.Sprintf("%d users", tt.users), func(t *testing.T) {
			h := newHome(t, "DoLogin2:delay=100ms", "DoLoginImpersonated:delay=50ms")
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					if out, err := h.testSettings(i%tt.users + 1).CombinedOutput(); err != nil {
						t.Errorf("process %d: %v\n%s", i, err, out)
					}
				})
			}
			wg.Wait()
			got := h.server.Stats().Logins
			if got.Delegation != 1 || got.Impersonated != int64(tt.want) {
				t.Errorf("%d log-ins of the delegation identity and %d impersonated, want 1 and %d", got.Delegation, got.Impersonated, tt.want)
			}
		})
	}
}

// killRounds is short unless REDIM_KILL_ROUNDS says otherwise; 200 is the full
// length.
func killRounds(t *testing.T) int {
	text := os.Getenv("REDIM_KILL_ROUNDS")
	if text == "" {
		return 5
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKilledCommandsLeaveNothingThatHurts kills a random third of the commands
// of each round at random instants: the next one works, and no file of the
// cache is left unreadable.
func TestKilledCommandsLeaveNothingThatHurts(t *testing.T) {
	killed := 0
	for round := range killRounds(t) {
		h := newHome(t)
		var wg sync.WaitGroup
		var mu sync.Mutex
		for i := range 12 {
			cmd := h.testSettings(i%4 + 1)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if i%3 == 0 {
				time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
			wg.Go(func() {
				if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() != -1 {
					t.Errorf("round %d: a command that was not killed: %v", round, err)
				} else if err != nil {
					mu.Lock()
					killed++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		h.wantSound(t, round)
	}
	t.Logf("%d commands were killed", killed)
}

// wantSound runs the next command and looks at every file of the cache.
func (h home) wantSound(t *testing.T, round int) {
	t.Helper()
	for user := range 4 {
		if out, err := h.testSettings(user + 1).CombinedOutput(); err != nil {
			t.Fatalf("round %d: the next command: %v\n%s", round, err, out)
		}
	}
	status, err := h.redim("cache", "status", "-o", "json").Output()
	if err != nil {
		t.Fatalf("round %d: cache status: %v", round, err)
	}
	unreadable, err := pick(status, "unreadable")
	if err != nil || unreadable != "0" {
		t.Fatalf("round %d: %s unreadable files, %v: %s", round, unreadable, err, status)
	}
}
