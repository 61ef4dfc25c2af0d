package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/e2e/canary"
	"github.com/redim-tools/redim/pkg/journal"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

// handful is an estate of two users and four accounts that are spun.
const handful = `
roles:
  - name: users
    permissions: [Logon]
identities:
  - name: svc-redim
    permissions: [Logon, AllAccess]
    impersonates: [users]
  - name: user{n}
    repeat: 2
    roles: [users]
systems:
  - name: web01
    type: windows
    accounts:
      - {name: a1, random: true, auto_spin: true}
      - {name: a2, random: true, auto_spin: true}
      - {name: b1, random: true, auto_spin: true}
      - {name: b2}
grants:
  - to: user1
    systems: [web01]
    accounts: ['a*']
    permissions: [ViewAccounts, ViewPasswords]
  - to: user2
    systems: [web01]
    accounts: ['b*']
    permissions: [ViewAccounts, ViewPasswords]
settings:
  api_user: svc-redim
jobs:
  - {id: 101, type: windows}
`

// victims are commands that are killed, and what became of them.
type victims struct {
	home
	t *testing.T

	mu                     sync.Mutex
	within                 time.Duration // a process is killed at an instant up to this
	started, killed, ended int
}

func newVictims(t *testing.T) *victims {
	t.Helper()
	v := &victims{home: newHomeOf(t, handful), t: t}
	began := time.Now()
	v.must("checkout", "--user", "user1", "--endpoint", "web01", "--account", "a1", "--field", "id")
	v.within = 3 * time.Since(began) / 2
	v.must("checkin", "--all")
	return v
}

// must runs a command to its end.
func (v *victims) must(args ...string) {
	v.t.Helper()
	cmd := v.redim(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if out, err := cmd.Output(); err != nil {
		v.t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
}

// kill runs a command and kills it at a random instant.
func (v *victims) kill(cmd *exec.Cmd) {
	if err := cmd.Start(); err != nil {
		v.t.Error(err)
		return
	}
	v.mu.Lock()
	within := v.within
	v.mu.Unlock()
	began := time.Now()
	timer := time.AfterFunc(rand.N(within), func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.started++
	if err == nil { // how long they take depends on what else the machine does
		v.within = (3*v.within + 5*time.Since(began)/4) / 4
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		v.ended++
	case errors.As(err, &exit) && exit.ExitCode() == -1:
		v.killed++
	default:
		v.t.Errorf("%s: %v: %s", strings.Join(cmd.Args, " "), err, cmd.Stderr)
	}
}

func userOf(account string) string { return map[byte]string{'a': "user1", 'b': "user2"}[account[0]] }

// checkOut checks an account out and is killed meanwhile. It returns the id of
// the checkout, once it was handed over whole.
func (v *victims) checkOut(account string) (id string) {
	cmd := v.redim("checkout", "--user", userOf(account), "--endpoint", "web01", "--account", account, "--reveal", "-o", "json")
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	v.kill(cmd)
	var doc struct{ ID, Password string }
	if json.Unmarshal(out.Bytes(), &doc) != nil || doc.Password == "" {
		return ""
	}
	return doc.ID
}

// run runs a program with an account, and redim is killed meanwhile.
func (v *victims) run(account string) {
	cmd := v.redim("exec", "--user", userOf(account), "--endpoint", "web01", "--account", account, "--file", "SECRET=password", "--", "sleep", "0.02")
	v.kill(cmd)
}

// open lists what the journal has as open.
func (v *victims) open() []pam.Checkout {
	v.t.Helper()
	list, err := journal.New(filepath.Join(v.dir, "state")).Open(v.t.Context())
	if err != nil {
		v.t.Fatal(err)
	}
	return list
}

// recoverTwice starts two recoveries at once, after it has killed some.
func (v *victims) recoverTwice(rounds int) {
	v.t.Helper()
	for range rounds {
		v.kill(v.redim("recover"))
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if out, err := v.redim("recover").CombinedOutput(); err != nil {
				v.t.Errorf("recover: %v\n%s", err, out)
			}
		})
	}
	both.Wait()
}

// TestKilledCheckoutsAreGivenBackByOneRecovery kills check-outs at random
// instants, then recoveries, and then lets two recoveries do their work at once.
// Short unless REDIM_KILL_ROUNDS says otherwise; 125 kills 500 check-outs.
func TestKilledCheckoutsAreGivenBackByOneRecovery(t *testing.T) {
	v := newVictims(t)
	var mu sync.Mutex
	handed := map[string]bool{}
	v.rounds(func(account string) {
		if id := v.checkOut(account); id != "" {
			mu.Lock()
			defer mu.Unlock()
			handed[id] = true
		}
	})
	v.giveBackWhatIsKept(handed)
	v.recoverTwice(20)
	v.wantNothingLeft()
	t.Logf("%d commands: %d were killed, %d ended; %d secrets were handed over", v.started, v.killed, v.ended, len(handed))
}

// TestKilledProgramsAreGivenBackByOneRecovery does so with exec, of which nobody
// keeps anything.
func TestKilledProgramsAreGivenBackByOneRecovery(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no sleep to run here")
	}
	v := newVictims(t)
	v.rounds(v.run)
	v.recoverTwice(20)
	v.wantNothingLeft()
	t.Logf("%d commands: %d were killed, %d ended", v.started, v.killed, v.ended)
}

// rounds runs something with all accounts at once, again and again.
func (v *victims) rounds(do func(account string)) {
	for range killRounds(v.t) {
		var all sync.WaitGroup
		for _, account := range []string{"a1", "a2", "b1", "b2"} {
			all.Go(func() { do(account) })
		}
		all.Wait()
	}
}

// giveBackWhatIsKept wants every checkout that the journal takes for kept to have been
// handed over, and gives it back as its keeper would.
func (v *victims) giveBackWhatIsKept(handed map[string]bool) {
	v.t.Helper()
	for _, c := range v.open() {
		if c.Process != 0 || c.State == pam.CheckoutIntended {
			continue
		}
		if !handed[c.ID] {
			v.t.Errorf("%s is taken for kept, and was never handed over", c.ID)
		}
		v.must("checkin", c.ID)
	}
}

// wantNothingLeft wants the service and the journal to agree that nothing is
// open, and no secret in any file.
func (v *victims) wantNothingLeft() {
	v.t.Helper()
	if got := v.server.Stats().Checkouts; got.Open != 0 || got.Made != got.CheckedIn || got.Made == 0 {
		v.t.Errorf("the service has %+v", got)
	}
	if open := v.open(); len(open) > 0 {
		v.t.Errorf("the journal has %d open checkouts: %+v", len(open), open[0])
	}
	left, err := journal.New(filepath.Join(v.dir, "state")).Abandoned(v.t.Context())
	if err != nil || len(left) > 0 {
		v.t.Errorf("%d are abandoned, %v", len(left), err)
	}
	leaks, err := canary.Tree(v.dir, func(path string, _ []byte) bool { return path == "password" })
	if err != nil || len(leaks) > 0 {
		v.t.Errorf("secrets are left: %v, %v", leaks, err)
	}
}

// newHomeOf starts a server of an estate, with a user's directory beside it.
func newHomeOf(t *testing.T, estate string, faults ...string) home {
	t.Helper()
	e, err := redimtest.ParseEstate("estate", []byte(estate))
	if err != nil {
		t.Fatal(err)
	}
	server, err := redimtest.Start(redimtest.Options{Estate: e, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	h := home{server: server, dir: t.TempDir()}
	if err := server.WriteDir(h.dir); err != nil {
		t.Fatal(fmt.Errorf("the server's files: %w", err))
	}
	return h
}
