package auth

import (
	"context"
	"sync/atomic"
	"time"
)

// Limiter bounds how much costly work runs at once, how much waits for it, and
// for how long. Each slow hash takes 19 MiB: the slots bound the memory too.
type Limiter struct {
	slots chan struct{}
	queue atomic.Int64
	most  int64
	wait  time.Duration
}

// NewLimiter makes one: so many run at once, so many more may wait so long.
func NewLimiter(slots, queue int, wait time.Duration) *Limiter {
	return &Limiter{slots: make(chan struct{}, slots), most: int64(queue), wait: wait}
}

// Do runs work when there is room for it: in the order in which it was asked,
// but for those that find a slot free. A *BusyError when there is none in time.
func (l *Limiter) Do(ctx context.Context, work func()) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer func() { <-l.slots }()
	work()
	return nil
}

func (l *Limiter) enter(ctx context.Context) error {
	select {
	case l.slots <- struct{}{}:
		return nil
	default:
	}
	if l.queue.Add(1) > l.most {
		l.queue.Add(-1)
		return busy()
	}
	defer l.queue.Add(-1)
	timer := time.NewTimer(l.wait)
	defer timer.Stop()
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return busy()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
