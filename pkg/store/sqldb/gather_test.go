package sqldb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestWhatWaitsForALaneIsRunTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lots []int
		hold := make(chan struct{})
		l := newLanes(1, func(lot []*job) error {
			<-hold
			lots = append(lots, len(lot))
			return nil
		})
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := l.hand(t.Context(), nil, false); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		close(hold)
		wg.Wait()
		if len(lots) != 2 || lots[0] != 1 || lots[1] != 5 {
			t.Errorf("lots of %v, want one and then five", lots)
		}
	})
}

func TestNobodyWaitsBehindACallerWhoLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Int64
		hold := make(chan struct{})
		l := newLanes(1, func(lot []*job) error {
			<-hold
			ran.Add(int64(len(lot)))
			return nil
		})
		go func() { _ = l.hand(t.Context(), nil, false) }()
		synctest.Wait()
		leaving, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { left <- l.hand(leaving, nil, true) }()
		staying, cancel := context.WithCancel(t.Context())
		stayed := make(chan error)
		go func() { stayed <- l.hand(staying, nil, false) }()
		synctest.Wait()
		leave()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := <-stayed; !errors.Is(err, context.Canceled) {
			t.Error(err) // it had not begun
		}
		close(hold)
		if err := l.hand(t.Context(), nil, false); err != nil || ran.Load() != 2 {
			t.Error(ran.Load(), err)
		}
	})
}

// TestACallerWaitsForNoItemButItsOwn has a caller, whose item runs already, get a
// lane and find the item of another in the queue.
func TestACallerWaitsForNoItemButItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := map[any]chan struct{}{"a": make(chan struct{}), "x": make(chan struct{}), "b": make(chan struct{}), "d": make(chan struct{})}
		l := newLanes(2, func(lot []*job) error {
			<-hold[lot[0].item]
			return nil
		})
		answered := map[string]chan error{}
		for _, item := range []string{"a", "x", "b", "c", "d"} {
			if item == "d" { // b and c run, and one of both waits for a lane
				close(hold["a"])
				synctest.Wait()
			}
			answered[item] = make(chan error, 1)
			go func() { answered[item] <- l.hand(t.Context(), item, false) }()
			synctest.Wait()
		}
		close(hold["x"])
		synctest.Wait()
		close(hold["b"])
		synctest.Wait()
		if len(answered["b"]) != 1 || len(answered["c"]) != 1 {
			t.Error("somebody waits for an item of somebody else")
		}
		close(hold["d"])
		if err := <-answered["d"]; err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

func TestOneItemThatFailsDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		failure  error
		spared   error // what the others get
		attempts int64
	}{
		{"its own fault", errSpoilt, nil, 5},
		{"nobody knows whether it was kept", &unknown{errSpoilt}, &unknown{errSpoilt}, 2},
		{"the connection broke", &broken{errSpoilt}, &broken{errSpoilt}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { failsBesideOthers(t, c.failure, c.spared, c.attempts) })
		})
	}
}

func failsBesideOthers(t *testing.T, failure, spared error, attempts int64) {
	var ran atomic.Int64
	hold := make(chan struct{})
	l := newLanes(1, func(lot []*job) error {
		<-hold
		ran.Add(1)
		for _, j := range lot {
			if j.item == "bad" {
				return failure
			}
		}
		return nil
	})
	var wg sync.WaitGroup
	for _, item := range []string{"first", "good", "bad", "well"} {
		want := map[string]error{"bad": failure, "good": spared, "well": spared}[item]
		wg.Go(func() {
			if err := l.hand(t.Context(), item, false); fmt.Sprint(err) != fmt.Sprint(want) {
				t.Errorf("%s: got %v, want %v", item, err, want)
			}
		})
		synctest.Wait()
	}
	close(hold)
	wg.Wait()
	if n := ran.Load(); n != attempts {
		t.Errorf("%d lots ran, want %d", n, attempts)
	}
}

// TestAPanicIsAnsweredToAll has what runs a lot panic.
func TestAPanicIsAnsweredToAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		l := newLanes(1, func(lot []*job) error {
			<-hold
			if len(lot) > 1 {
				panic("as it was asked to")
			}
			return nil
		})
		answers := make(chan error, 4)
		for range cap(answers) {
			go func() { answers <- l.hand(t.Context(), nil, false) }()
			synctest.Wait()
		}
		close(hold)
		synctest.Wait()
		failed := 0
		for range cap(answers) {
			if err := <-answers; isUnknown(err) {
				failed++
			}
		}
		if err := l.hand(t.Context(), nil, false); err != nil || failed != 3 || len(l.free) > 0 {
			t.Error(failed, len(l.free), err)
		}
	})
}

func TestALotThatTakesLongLeavesItsLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		l := newLanes(1, func(lot []*job) error {
			if lot[0].item == "long" {
				<-hold
			}
			return nil
		})
		long := make(chan error)
		go func() { long <- l.hand(t.Context(), "long", false) }()
		synctest.Wait()
		for range 3 {
			if err := l.hand(t.Context(), "short", false); err != nil {
				t.Error(err)
			}
		}
		close(hold)
		if err := <-long; err != nil || len(l.free) > 0 {
			t.Error(len(l.free), err)
		}
	})
}

func TestALotEndsWhenAllItsCallersHaveLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, leaveOne := context.WithCancel(t.Context())
		two, leaveTwo := context.WithCancel(t.Context())
		ctx, cancel := contextOf([]*job{{ctx: one}, {ctx: two}}, Deadline)
		defer cancel()
		leaveOne()
		synctest.Wait()
		if err := ctx.Err(); err != nil {
			t.Errorf("one caller is there still: %v", err)
		}
		leaveTwo()
		synctest.Wait()
		if err := ctx.Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("both have left: %v", err)
		}
	})
}
