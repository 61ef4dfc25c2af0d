package verdict_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redim-tools/redim/pkg/e2e/verdict"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestEveryOutcomeIsTheOneThatIsPromised holds random cases against the model,
// through the service and the engine. REDIM_CASES says how many, REDIM_SEED
// which; 10,000 is the full length.
func TestEveryOutcomeIsTheOneThatIsPromised(t *testing.T) {
	t.Parallel()
	holdCases(t, func(w *world) front { return inside{w} })
}

// TestEveryOutcomeIsTheOneThatIsPromisedOverHTTP does so through the API.
func TestEveryOutcomeIsTheOneThatIsPromisedOverHTTP(t *testing.T) {
	t.Parallel()
	holdCases(t, func(w *world) front { return newOutside(w) })
}

func holdCases(t *testing.T, through func(*world) front) {
	t.Helper()
	cases, seed := number(t, "REDIM_CASES", 1000), uint64(number(t, "REDIM_SEED", int(time.Now().UnixMilli())))
	t.Logf("REDIM_SEED=%d REDIM_CASES=%d", seed, cases)
	s, err := store.Open(t.Context(), store.Options{Address: "sqlite:" + filepath.Join(t.TempDir(), "vault.db"), Now: time.Now, NewID: vault.NewID})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	key := seal.GenerateKey()
	first := newWorld(t, s, key) // makes the keys
	var next atomic.Int64
	var workers sync.WaitGroup
	seen := &tally{counts: map[string]int{}}
	for range 32 { // they share commits
		workers.Go(func() {
			w := newWorld(t, s, key)
			w.front = through(w)
			for n := next.Add(1); n <= int64(cases) && !t.Failed(); n = next.Add(1) {
				w.holdCase(n, seed, seen)
			}
		})
	}
	workers.Wait()
	seen.enough(t, cases)
	if _, err := first.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// holdCase plays one case, in names of its own.
func (w *world) holdCase(n int64, seed uint64, seen *tally) {
	w.name = fmt.Sprintf("app%d", n)
	c := draw(rand.New(rand.NewPCG(seed, uint64(n))))
	c.System = w.name + "." + c.System
	for i := range c.Grants {
		c.Grants[i] = w.name + "." + c.Grants[i]
	}
	want := w.front.shows(c.Expect())
	got := w.play(c)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.Errorf("case %d of REDIM_SEED=%d: -want +got\n%s\n%+v", n, seed, diff, c)
	}
	w.recorded(c, got)
	seen.add(c, got)
}

// tally counts how often each thing came about, for a model is held only by
// cases that get there.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (s *tally) add(c verdict.Case, o verdict.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts["log-in "+string(o.LogIn)]++
	s.counts["call "+string(o.Call)]++
	s.counts["first "+string(o.First)]++
	s.counts["second "+string(o.Second)]++
	if o.Skipped {
		s.counts["skipped"]++
	}
	for _, a := range o.Words {
		s.counts["word "+string(a)]++
	}
	s.counts[string(c.Way)]++
}

func (s *tally) enough(t *testing.T, cases int) {
	t.Helper()
	for what := range strings.SplitSeq("log-in in,call in,call refused,first released,first denied,first pending,first held,first held by it,second released,second pending,second held,"+
		"skipped,word taken,word denied,word over,generated credential,Windows account", ",") {
		if s.counts[what] < cases/5000 {
			t.Errorf("%s: only %d of %d cases", what, s.counts[what], cases)
		}
	}
	t.Log(s.counts)
}
