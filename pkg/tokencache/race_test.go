package tokencache

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/secret"
)

// telling is a context that tells when somebody starts to wait with it.
type telling struct {
	context.Context
	once    *sync.Once
	waiting chan struct{}
}

func (c telling) Done() <-chan struct{} {
	c.once.Do(func() { close(c.waiting) })
	return c.Context.Done()
}

// TestWhatWasReplacedMeanwhileStays puts a new token in the place of the old
// one while an act on the old one waits for the lock.
func TestWhatWasReplacedMeanwhileStays(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(context.Context, *Store) error{
		"drop": func(ctx context.Context, s *Store) error { return s.Drop(ctx, alice(), secret.FromString("old")) },
		"clear": func(ctx context.Context, s *Store) error {
			c, err := s.Clear(ctx, ClearRequest{Expired: true})
			if len(c.Removed) != 0 {
				t.Errorf("says that it removed %v", c.Removed)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.wantLogin(b.store(), alice(), "old")
			b.pass(time.Hour)
			release, err := atomicfile.Lock(t.Context(), filepath.Join(b.dir, "locks", filepath.Base(b.file(alice()))))
			must(t, err)
			ctx, done := telling{t.Context(), &sync.Once{}, make(chan struct{})}, make(chan error)
			patient := b.store()
			patient.clearWait = time.Minute
			go func() { done <- act(ctx, patient) }()
			<-ctx.waiting
			impatient := b.store()
			impatient.lockWait = time.Millisecond
			b.wantLogin(impatient, alice(), "new")
			release()
			must(t, <-done)
			b.wantCached(b.store(), alice(), "new")
		})
	}
}

func TestARefusalSpeaksForWhoWaitedAndForWhoComesAtOnce(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	r := record{kind: kindRefusal, stored: noon}
	for _, c := range []struct {
		name       string
		since, now time.Duration // after the refusal
		want       bool
	}{
		{"came at once", time.Second, time.Second, true},
		{"came later", 6 * time.Second, 6 * time.Second, false},
		{"waited, and it took long", -time.Second, time.Minute, true},
		{"came at once, and waited long", time.Second, time.Minute, false},
		{"the clock was set back", -time.Hour, -time.Hour, true},
	} {
		if got := r.fresh(noon.Add(c.now), noon.Add(c.since)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if (record{kind: kindToken, stored: noon}).fresh(noon, noon) {
		t.Error("a token is no refusal")
	}
}
