package server

import (
	"context"
	"math"
	"runtime/debug"
	"testing"
)

func TestASmallHeapHasRoomAndALargeOneIsLeftAlone(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: roomPercent, smallHeap: roomPercent, smallHeap + 1: plainPercent, math.MaxUint64: plainPercent} {
		percent, bound := room(live)
		if percent != want || live < math.MaxInt64 && bound < 2*int64(live) {
			t.Errorf("%d live bytes: %d %% up to %d", live, percent, bound)
		}
	}
}

// TestTheHeapIsLeftAsItWas is not parallel: the settings are those of the process.
func TestTheHeapIsLeftAsItWas(t *testing.T) {
	const odd = 137
	defer debug.SetGCPercent(debug.SetGCPercent(odd))
	for _, set := range []string{"GOGC", "GOMEMLIMIT", ""} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			tendHeap(ctx, func(name string) string {
				if name == set {
					return "50"
				}
				return ""
			})
		}()
		cancel()
		<-done
		if now := debug.SetGCPercent(odd); now != odd {
			t.Errorf("with %s it is left at %d %%", set, now)
		}
	}
}
