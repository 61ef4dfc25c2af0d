package server

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// A small heap is collected more often than it is worth: twice its live part is
// soon allocated. So it may grow to five times that, as long as all the memory of
// the runtime stays below a bound. The stacks of many connections are part of that
// memory: a heap that they leave no room would be collected all the time.
const (
	smallHeap    = 24 << 20 // live bytes and stacks up to which a heap is small
	roomPercent  = 400
	roomBound    = 54 << 20
	plainPercent = 100 // of a large heap, as the runtime has it by itself
	heapEvery    = time.Second
)

// room is what a heap of so many live bytes and stacks may grow by, and to.
func room(live uint64) (percent int, bound int64) {
	if live > smallHeap {
		return plainPercent, math.MaxInt64
	}
	return roomPercent, roomBound
}

// tendHeap gives the heap room until ctx ends. It leaves it as it is when the
// environment says how it should be: GOGC, GOMEMLIMIT.
func tendHeap(ctx context.Context, getenv func(string) string) {
	if getenv("GOGC") != "" || getenv("GOMEMLIMIT") != "" {
		return
	}
	percent, bound := room(0)
	wasPercent, wasBound := debug.SetGCPercent(percent), debug.SetMemoryLimit(bound)
	defer debug.SetMemoryLimit(wasBound)
	defer debug.SetGCPercent(wasPercent)
	tick := time.NewTicker(heapEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if p, b := room(kept()); p != percent {
			percent, bound = p, b
			debug.SetMemoryLimit(bound)
			debug.SetGCPercent(percent)
		}
	}
}

// kept tells what a collection can't free: the live part of the heap, and stacks.
func kept() uint64 {
	of := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(of)
	return of[0].Value.Uint64() + of[1].Value.Uint64()
}
