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

// TestStacksAreNotRoomForTheHeap has many goroutines, as a server with many connections
// has; it is not parallel, for others have some too.
func TestStacksAreNotRoomForTheHeap(t *testing.T) {
	before := kept()
	const many = 2000
	deep, end := make(chan struct{}), make(chan struct{})
	defer close(end)
	for range many {
		go func() { _ = wait(deep, end, frame{}) }()
	}
	for range many {
		<-deep
	}
	if after := kept(); after < before+many*uint64(len(frame{}))/2 {
		t.Errorf("%d bytes are kept, and before the goroutines were there %d", after, before)
	}
}

type frame [8 << 10]byte

// wait has a frame as large as its argument.
//
//go:noinline
func wait(deep, end chan struct{}, f frame) byte {
	deep <- struct{}{}
	<-end
	return f[0]
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
