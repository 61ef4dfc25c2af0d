package tokencache

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
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
	base := t.TempDir()
	for round := range rounds(t) {
		dir := filepath.Join(base, strconv.Itoa(round/2))
		killSome(t, dir)
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
}

func killSome(t *testing.T, dir string) {
	s := newService(t, 9)
	var wg sync.WaitGroup
	for i := range 9 {
		cmd := s.command(t, dir, [...]string{"alice", "bob"}[i%2])
		must(t, cmd.Start())
		if i%3 == 0 {
			timer := time.AfterFunc(time.Duration(rand.IntN(80))*time.Millisecond, func() {
				s.count("killed")
				_ = cmd.Process.Kill()
				s.release() // it may have been killed before it was ready
			})
			defer timer.Stop()
		}
		wg.Go(func() { _ = cmd.Wait() })
	}
	wg.Wait()
}

// release lets the children start with fewer than were wanted.
func (s *service) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.start:
	default:
		close(s.start)
		s.wanted = -1
	}
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
