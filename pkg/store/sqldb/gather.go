package sqldb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// lanes runs what is handed in, a few lots at a time. While all lanes are at work,
// what comes waits, and whoever gets the next free lane takes all of it along: one
// transaction or question serves many callers then, and a lone caller waits for
// nobody. It is safe for concurrent use.
type lanes struct {
	free  chan struct{} // one element for each lot that runs
	queue chan *job
	run   func([]*job) error // sets the failure of each job, or returns one of all
}

func newLanes(count int, run func([]*job) error) *lanes {
	return &lanes{free: make(chan struct{}, count), queue: make(chan *job, most), run: run}
}

// hand hands an item in and returns the answer to it. A caller whose context ends
// takes back what has not begun. What becomes of the rest has to be known, unless
// the caller may leave then too, and does not run its lot itself.
func (l *lanes) hand(ctx context.Context, item any, leave bool) error {
	j := &job{ctx: ctx, item: item, answer: make(chan error, 1)}
	select {
	case l.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	gone := ctx.Done()
	for free := l.free; ; {
		select {
		case err := <-j.answer:
			return err
		case <-gone:
			if j.begin() || leave {
				return ctx.Err()
			}
			gone = nil
		case free <- struct{}{}:
			l.lead(j)
			free = nil
		}
	}
}

// laneTime is how long a lot keeps its lane. One that waits longer, for a lock that
// another session holds, say, goes on beside the lanes.
const laneTime = time.Second

// lead runs what waits in the lane that the caller has got: nothing when another
// lane has taken it all. The caller waits only for the lot that its own item is in.
func (l *lanes) lead(own *job) {
	runtime.Gosched() // whoever is about to hand something in does so first
	lot := l.take()
	work := func() {
		leave := sync.OnceFunc(func() { <-l.free })
		defer leave()
		defer time.AfterFunc(laneTime, leave).Stop()
		l.serve(lot)
	}
	if slices.Contains(lot, own) {
		work()
		return
	}
	go work()
}

// take empties the queue, and leaves out those whose callers wait no more.
func (l *lanes) take() []*job {
	var lot []*job
	for len(lot) < most {
		select {
		case j := <-l.queue:
			switch err := j.ctx.Err(); {
			case !j.begin():
			case err != nil:
				j.answer <- err
			default:
				lot = append(lot, j)
			}
		default:
			return lot
		}
	}
	return lot
}

// serve runs a lot and answers it. When several fail, and it may be for one of
// them, each is run alone.
func (l *lanes) serve(lot []*job) {
	if len(lot) == 0 {
		return
	}
	err := l.attempt(lot)
	if len(lot) > 1 && ofOne(err) {
		for _, j := range lot {
			j.left = true
			go l.serve([]*job{j})
		}
		return
	}
	for _, j := range lot {
		if err != nil {
			j.err = err
		}
		j.answer <- j.err
	}
}

// attempt makes a panic the failure of all: whoever leads may be served by somebody
// who goes on after it, and the others wait for an answer.
func (l *lanes) attempt(lot []*job) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &unknown{fmt.Errorf("lot: panic: %v", r)}
		}
	}()
	return l.run(lot)
}

// ofOne reports whether a failure may come from one item: a lock that another
// session holds, say. Those of the connection don't, and it has to be certain that
// nothing was kept.
func ofOne(err error) bool {
	if err == nil || isUnknown(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	_, lost := errors.AsType[*broken](err)
	return !lost && !isUnreached(err)
}

// contextOf is that of the only caller; that of several ends when all theirs have
// ended. It lasts for a time at most.
func contextOf(lot []*job, most time.Duration) (context.Context, context.CancelFunc) {
	if len(lot) == 1 {
		return context.WithTimeout(lot[0].ctx, most)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(lot[0].ctx), most)
	var gone atomic.Int64
	stops := make([]func() bool, len(lot))
	for n, j := range lot {
		stops[n] = context.AfterFunc(j.ctx, func() {
			if gone.Add(1) == int64(len(lot)) {
				cancel()
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel()
	}
}

// items are what the jobs hand in.
func items(lot []*job) []any {
	all := make([]any, len(lot))
	for n, j := range lot {
		all[n] = j.item
	}
	return all
}
