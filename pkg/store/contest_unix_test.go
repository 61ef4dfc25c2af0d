//go:build unix

package store_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// contender is one side of a comparison.
type contender struct {
	name string
	call func(n int64) error // n is never the same twice
	rest func()              // between rounds, untimed; may be nil
	run  func() (rate float64)
}

// slice is how long each contender runs in a round: short, so that what else the
// machine does meets all of them alike.
const slice = 250 * time.Millisecond

// score is what a contender did in one round.
type score struct {
	rate float64       // calls a second
	cpu  time.Duration // of this process for one call
}

// contest lets all contenders run in turn, b.N rounds, and reports the medians of
// their rates, and of the first one's share of each other's in the same round.
func contest(b *testing.B, callers int, sides ...contender) {
	b.Helper()
	scores := make([][]score, len(sides))
	counts := make([]atomic.Int64, len(sides))
	round := 0
	for b.Loop() {
		for turn := range sides {
			i := (turn + round) % len(sides)
			scores[i] = append(scores[i], sides[i].compete(b, callers, &counts[i]))
		}
		round++
	}
	for i, side := range sides {
		b.ReportMetric(middle(scores[i], func(_ int, s score) float64 { return s.rate }), side.name+"/s")
		if side.run == nil {
			b.ReportMetric(middle(scores[i], func(_ int, s score) float64 { return float64(s.cpu.Nanoseconds()) / 1e3 }), side.name+"-cpu-us")
		}
		if i > 0 {
			b.ReportMetric(middle(scores[0], func(n int, s score) float64 { return s.rate / scores[i][n].rate }), "x-"+side.name)
		}
	}
	b.ReportMetric(0, "ns/op")
}

func (c contender) compete(b *testing.B, callers int, count *atomic.Int64) score {
	b.Helper()
	if c.run != nil {
		return score{rate: c.run()}
	}
	var wg sync.WaitGroup
	var done atomic.Int64
	begin, before := time.Now(), cpu()
	for range callers {
		wg.Go(func() {
			for time.Since(begin) < slice {
				if err := c.call(count.Add(1)); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	n, wall, used := done.Load(), time.Since(begin), cpu()-before
	if c.rest != nil {
		c.rest()
	}
	return score{float64(n) / wall.Seconds(), used / time.Duration(max(n, 1))}
}

func middle(scores []score, of func(int, score) float64) float64 {
	all := make([]float64, len(scores))
	for n, s := range scores {
		all[n] = of(n, s)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// cpu is the time that this process has computed, which a busy machine changes
// less than it changes the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
