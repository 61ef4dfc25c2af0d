package tokencache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/seal"
)

// envRounds sets how many rounds of killing there are; 200 is the full length.
const envRounds = "REDIM_KILL_ROUNDS"

func rounds(t *testing.T) int {
	text := os.Getenv(envRounds)
	if text == "" {
		return 8
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

// TestKilledProcessesLeaveNothingThatHurts kills a random third of the
// processes of each round at random instants. Every other round starts with an
// empty home, so that the making of the key is hit too.
func TestKilledProcessesLeaveNothingThatHurts(t *testing.T) {
	t.Parallel()
	base, killed := t.TempDir(), 0
	for round := range rounds(t) {
		dir := filepath.Join(base, strconv.Itoa(round/2))
		killed += killSome(t, dir)
		s := newService(t, 1)
		for _, user := range []string{"alice", "bob"} {
			if said := s.run(t, dir, user); said[0] != user {
				t.Fatalf("round %d: the next command got %q", round, said[0])
			}
		}
		wantSound(t, dir, round)
		if round%2 == 0 {
			must(t, os.RemoveAll(filepath.Join(dir, "cache", "tokens")))
		}
	}
	if killed == 0 {
		t.Fatal("no process was killed before it had ended")
	}
	t.Logf("%d processes were killed", killed)
}

// killSome starts nine processes and kills three: one at an instant of its
// start, two at instants of their work.
func killSome(t *testing.T, dir string) (killed int) {
	s := newService(t, 9)
	var wg sync.WaitGroup
	var died atomic.Int32
	for i := range 9 {
		cmd := s.command(t, dir, [...]string{"alice", "bob"}[i%2])
		must(t, cmd.Start())
		switch i {
		case 0:
			wg.Go(func() { s.kill(cmd, 80*time.Millisecond) })
		case 3, 6:
			wg.Go(func() { <-s.start; s.kill(cmd, 40*time.Millisecond) })
		}
		wg.Go(func() {
			if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() == -1 {
				died.Add(1)
			}
		})
	}
	wg.Wait()
	return int(died.Load())
}

// kill ends a process within the given time. The others start all the same.
func (s *service) kill(cmd *exec.Cmd, within time.Duration) {
	time.Sleep(rand.N(within))
	_ = cmd.Process.Kill()
	s.open()
}

// wantSound opens every file as the next command would.
func wantSound(t *testing.T, dir string, round int) {
	t.Helper()
	source, err := seal.ParseKeySource("", seal.Env{Dir: filepath.Join(dir, "state")})
	must(t, err)
	store := Open(Options{Dir: filepath.Join(dir, "cache"), Fingerprint: "fp", Key: source.Key, Warn: func(m string) { t.Error(m) }})
	if st := store.Status(t.Context()); st.Err != nil || st.Unreadable != 0 || st.Live < 3 {
		t.Fatalf("round %d: %+v", round, st)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "cache", "tokens", ".*")); err != nil || len(left) > 9 {
		t.Fatalf("round %d: %d files are left", round, len(left))
	}
	if _, err := store.Clear(context.Background(), ClearRequest{Profile: "none"}); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"cache/tokens/.*", "cache/locks/*"} {
		if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) != 0 {
			t.Fatalf("round %d: swept, but there is %s", round, fmt.Sprint(left))
		}
	}
}
