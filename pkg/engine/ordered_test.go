package engine

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Each test runs in a bubble, which fails when a goroutine is left in it.

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func TestOrderedKeepsTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n, parallel := rapid.IntRange(0, 60).Draw(rt, "items"), rapid.IntRange(-1, 9).Draw(rt, "parallel")
		delays := rapid.SliceOfN(rapid.IntRange(0, 5), n, n).Draw(rt, "delays")
		synctest.Test(t, func(t *testing.T) {
			var busy, most atomic.Int32
			var got []int
			err := Ordered(t.Context(), parallel, upTo(n), func(_ context.Context, i int) int {
				most.Store(max(most.Load(), busy.Add(1)))
				defer busy.Add(-1)
				time.Sleep(time.Duration(delays[i]) * time.Second)
				return i
			}, func(i int) error { got = append(got, i); return nil })
			if err != nil || !slices.Equal(got, slices.Collect(upTo(n))) {
				rt.Errorf("got %v, %v", got, err)
			}
			if int(most.Load()) > max(parallel, 1) {
				rt.Errorf("%d at work, %d allowed", most.Load(), parallel)
			}
		})
	})
}

func TestOrderedUsesAllItIsAllowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := Ordered(t.Context(), 8, upTo(80), func(context.Context, int) int { time.Sleep(time.Second); return 0 }, func(int) error { return nil })
		if took := time.Since(start); err != nil || took != 10*time.Second {
			t.Errorf("80 seconds of work by 8 took %v (%v)", took, err)
		}
	})
}

func TestOrderedHoldsABoundedNumber(t *testing.T) {
	t.Parallel()
	for _, parallel := range []int{1, 2, 8} {
		synctest.Test(t, func(t *testing.T) {
			var taken, given, most int64 // taken before given: both are read where no other goroutine runs
			in := func(yield func(int) bool) {
				for i := range 2000 {
					most = max(most, atomic.AddInt64(&taken, 1)-atomic.LoadInt64(&given))
					if !yield(i) {
						return
					}
				}
			}
			work := func(_ context.Context, i int) int {
				if i%50 == 0 { // one slow item holds all behind it up
					time.Sleep(time.Minute)
				}
				return i
			}
			if err := Ordered(t.Context(), parallel, in, work, func(int) error { atomic.AddInt64(&given, 1); return nil }); err != nil {
				t.Fatal(err)
			}
			if limit := int64(4*parallel + 2); most > limit || most < int64(parallel) {
				t.Errorf("%d at a time: held %d, the limit is %d", parallel, most, limit)
			}
		})
	}
}

func TestOrderedEndsAtTheFirstErrorOfItsReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		enough, start := errors.New("enough"), time.Now()
		var working atomic.Int32
		var got []int
		err := Ordered(t.Context(), 4, upTo(1000), func(ctx context.Context, i int) int {
			working.Add(1)
			defer working.Add(-1)
			select {
			case <-time.After(time.Duration(i+1) * time.Second):
			case <-ctx.Done(): // and it is told to stop
			}
			return i
		}, func(i int) error {
			got = append(got, i)
			if i == 2 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || !slices.Equal(got, []int{0, 1, 2}) || working.Load() != 0 {
			t.Errorf("got %v, %v; %d still at work", got, err, working.Load())
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it took %v: nobody told the work to stop", took)
		}
	})
}

func TestOrderedWaitsForWorkThatDoesNotListen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var working atomic.Int32
		err := Ordered(t.Context(), 3, upTo(100), func(_ context.Context, i int) int {
			working.Add(1)
			defer working.Add(-1)
			time.Sleep(time.Duration(i) * time.Hour)
			return i
		}, func(int) error { return context.DeadlineExceeded })
		if !errors.Is(err, context.DeadlineExceeded) || working.Load() != 0 {
			t.Errorf("got %v with %d at work", err, working.Load())
		}
	})
}

func TestOrderedEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		given := 0
		err := Ordered(ctx, 2, upTo(1000), func(ctx context.Context, i int) int {
			select {
			case <-time.After(time.Minute):
			case <-ctx.Done():
			}
			return i
		}, func(int) error { given++; return nil })
		if !errors.Is(err, context.DeadlineExceeded) || given < 2 || given > 4 {
			t.Errorf("got %v after %d", err, given)
		}
	})
}

func TestOrderedStartsNothingWhenItsContextHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Ordered(ctx, 2, upTo(3), func(_ context.Context, i int) int { return i }, func(int) error { return nil }); err == nil {
			t.Error("it ended as if all were done")
		}
	})
}

func TestOrderedDoesNotWaitForABlockedInput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		lines := make(chan int)
		more := make(chan bool, 1)
		in := func(yield func(int) bool) {
			for i := range lines {
				if !yield(i) {
					more <- false
					return
				}
			}
		}
		worked := 0
		go func() { lines <- 1 }() // and then nothing, like a terminal that nobody types at
		err := Ordered(ctx, 2, in, func(context.Context, int) int { worked++; return 0 }, func(int) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) || worked != 1 {
			t.Errorf("got %v after %d", err, worked)
		}
		lines <- 2 // the input wakes up: it is left, and nothing is done with what it brings
		if <-more; worked != 1 {
			t.Errorf("worked %d times", worked)
		}
	})
}

func BenchmarkOrdered(b *testing.B) {
	b.ReportAllocs()
	in := func(yield func(int) bool) {
		for i := 0; b.Loop(); i++ {
			if !yield(i) {
				return
			}
		}
	}
	if err := Ordered(b.Context(), 8, in, func(_ context.Context, i int) int { return i + rand.IntN(2) }, func(int) error { return nil }); err != nil {
		b.Fatal(err)
	}
}
