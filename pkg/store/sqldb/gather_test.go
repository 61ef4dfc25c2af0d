package sqldb

import (
	"context"
	"errors"
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
		l := newLanes(1, func(lot []*job) {
			<-hold
			lots = append(lots, len(lot))
			answer(lot, nil)
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
		l := newLanes(1, func(lot []*job) {
			<-hold
			ran.Add(int64(len(lot)))
			answer(lot, nil)
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
		close(hold)
		if err := <-stayed; !errors.Is(err, context.Canceled) {
			t.Error(err) // it had not begun
		}
		if err := l.hand(t.Context(), nil, false); err != nil || ran.Load() != 2 {
			t.Error(ran.Load(), err)
		}
	})
}
