package journal

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// childVar makes the test program a writer of the journal in that directory.
const childVar = "REDIM_TEST_JOURNAL_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVar); dir != "" && os.Args[1] == "hold" {
		os.Exit(holder(dir))
	} else if dir != "" {
		os.Exit(writer(dir, os.Args[1], os.Args[2]))
	}
	os.Exit(m.Run())
}

// writer checks credentials out and every other one in again, and tells of
// each record once it is on disk. A record is long, so that the file is
// rewritten often.
func writer(dir, name, count string) int {
	n, _ := strconv.Atoi(count)
	j := New(dir)
	for i := range n {
		id := name + "-" + strconv.Itoa(i)
		states := []pam.CheckoutState{stateIntended, stateOpen}
		if i%2 == 0 {
			states = append(states, stateCheckedIn)
		}
		for _, state := range states {
			c := checkout(id, state)
			c.Comment = strings.Repeat("x", 20_000)
			if err := j.Append(context.Background(), c); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			fmt.Println(id, state)
		}
	}
	return 0
}

// child starts a writer and reads what it tells.
func child(t *testing.T, dir, name string, count int) (*exec.Cmd, *bufio.Scanner, *strings.Builder) {
	t.Helper()
	return childWith(t, nil, dir, name, count)
}

func childWith(t *testing.T, in io.Reader, dir, name string, count int) (*exec.Cmd, *bufio.Scanner, *strings.Builder) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], name, strconv.Itoa(count))
	cmd.Stdin = in
	cmd.Env = append(os.Environ(), childVar+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out), &stderr
}

// ledger is what writers told: the newest state of each checkout on disk.
type ledger struct {
	mu    sync.Mutex
	state map[string]pam.CheckoutState
}

func (l *ledger) follow(in *bufio.Scanner) {
	for in.Scan() {
		id, state, ok := strings.Cut(in.Text(), " ")
		if !ok { // cut by a kill
			continue
		}
		l.mu.Lock()
		l.state[id] = pam.CheckoutState(state)
		l.mu.Unlock()
	}
}

// check wants everything that was told to be open to be listed so. A writer may
// have been killed between a record and its word of it, so that a checkout may
// be further than was told, and some may be there that were not told of.
func (l *ledger) check(t *testing.T, j *Journal) {
	t.Helper()
	listed := map[string]pam.CheckoutState{}
	for _, c := range all(t, j) {
		listed[c.ID] = c.State
	}
	for id, told := range l.state {
		got, ok := listed[id]
		switch {
		case told == stateCheckedIn && (!ok || got == stateCheckedIn): // a rewrite may drop it
		case told == stateOpen && (got == stateOpen || got == stateCheckedIn):
		case told == stateOpen && !ok && l.wasKilled(id): // the killed one's check-in was recorded, and dropped by a rewrite
		case told == stateIntended && ok:
		default:
			t.Errorf("%s was told to be %s and is %q", id, told, got)
		}
	}
}

// wasKilled reports whether id is one that would be checked in next.
func (l *ledger) wasKilled(id string) bool {
	name, i, _ := strings.Cut(id, "-")
	n, _ := strconv.Atoi(i)
	_, further := l.state[name+"-"+strconv.Itoa(n+1)]
	return n%2 == 0 && !further
}

func TestManyProcessesWriteAtOnceAndNothingIsLost(t *testing.T) {
	t.Parallel()
	const writers, count = 5, 8
	j, messages := told(t)
	add(t, j, checkout("anchor", stateOpen))
	l := &ledger{state: map[string]pam.CheckoutState{}}
	var wg sync.WaitGroup
	for w := range writers {
		cmd, out, stderr := child(t, j.dir, "w"+strconv.Itoa(w), count)
		wg.Go(func() {
			l.follow(out)
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, stderr)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	readers.Go(func() { // sees whole files, while others rewrite them
		for ctx.Err() == nil {
			if got, err := New(j.dir).Open(ctx); err != nil || len(got) == 0 || got[0].ID != "anchor" {
				t.Errorf("read %d checkouts, %v", len(got), err)
				return
			}
		}
	})
	wg.Wait()
	cancel()
	readers.Wait()
	if len(l.state) != writers*count {
		t.Errorf("told of %d checkouts", len(l.state))
	}
	l.check(t, j)
	if got, err := j.Open(t.Context()); err != nil || len(got) != 1+writers*count/2 {
		t.Errorf("%d are open, %v", len(got), err)
	}
	if len(*messages) != 0 {
		t.Errorf("told %q", *messages)
	}
}

// killRounds is short for every day; REDIM_KILL_ROUNDS makes it long.
func killRounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("REDIM_KILL_ROUNDS")
	if text == "" {
		return 8
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("REDIM_KILL_ROUNDS=%q is not a number of rounds", text)
	}
	return n
}

func TestKilledWritersLoseNothingThatWasOnDisk(t *testing.T) {
	t.Parallel()
	j := New(t.TempDir())
	cuts := 0
	j.Warn = func(string) { cuts++; _ = os.Remove(j.DamagedPath()) }
	l := &ledger{state: map[string]pam.CheckoutState{}}
	rounds := killRounds(t)
	for round := range rounds {
		killRound(t, j, l, round)
		probe := checkout("probe", stateCheckedIn)
		started := time.Now()
		add(t, j, probe) // the next command works, at once
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("round %d: an append took %v", round, took)
		}
		l.check(t, j)
		l.forget(t, j)
	}
	t.Logf("%d rounds, %d readings told of a line that a kill had cut", rounds, cuts)
	wantNoLeftovers(t, j)
}

// killRound starts three writers and kills each at an instant of its own.
func killRound(t *testing.T, j *Journal, l *ledger, round int) {
	t.Helper()
	var wg sync.WaitGroup
	for w := range 3 {
		cmd, out, _ := child(t, j.dir, fmt.Sprintf("r%dw%d", round, w), 1_000_000)
		kill := time.AfterFunc(time.Duration(rand.IntN(150_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		wg.Go(func() {
			defer kill.Stop()
			l.follow(out)
			_ = cmd.Wait()
		})
	}
	wg.Wait()
}

// forget checks in what is open, so that the file does not grow with the rounds.
func (l *ledger) forget(t *testing.T, j *Journal) {
	t.Helper()
	open, err := j.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range open {
		if i > 20 { // leave some, for the rewrites to carry along
			break
		}
		c.State, c.Comment = stateCheckedIn, ""
		add(t, j, c)
		l.state[c.ID] = stateCheckedIn
	}
}

// wantNoLeftovers wants the journal and its lock alone in their directory: a
// rewrite sweeps up what killed ones left.
func wantNoLeftovers(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.compact(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != fileName && e.Name() != lockName {
			t.Errorf("%s is left", e.Name())
		}
	}
}
