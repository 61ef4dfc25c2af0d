package sqldb

import (
	"context"
	"time"
)

// lanes runs what is handed in, a few lots at a time. While all lanes are at work,
// what comes waits, and whoever gets the next free lane takes all of it along: one
// transaction or question serves many callers then, and a lone caller waits for
// nobody. It is safe for concurrent use.
type lanes struct {
	free  chan struct{} // one element for each lot that runs
	queue chan *job
	run   func([]*job) // answers every job
}

func newLanes(count int, run func([]*job)) *lanes {
	return &lanes{free: make(chan struct{}, count), queue: make(chan *job, most), run: run}
}

// hand hands an item in and returns the answer to it. What becomes of it when the
// caller goes away meanwhile has to be known, unless it may leave then.
func (l *lanes) hand(ctx context.Context, item any, leave bool) error {
	j := &job{ctx: ctx, item: item, answer: make(chan error, 1)}
	select {
	case l.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	var gone <-chan struct{}
	if leave {
		gone = ctx.Done()
	}
	for free := l.free; ; free = nil {
		select {
		case err := <-j.answer:
			return err
		case <-gone:
			return ctx.Err()
		case free <- struct{}{}:
			l.lead()
		}
	}
}

// lead runs what waits in the lane that the caller has got: nothing when another
// lane has taken it all.
func (l *lanes) lead() {
	lot := l.take()
	work := func() {
		defer func() { <-l.free }()
		if len(lot) > 0 {
			l.run(lot)
		}
	}
	if len(lot) > 1 {
		go work() // for others too, so the caller may leave
		return
	}
	work()
}

// take empties the queue, and answers those whose callers wait no more.
func (l *lanes) take() []*job {
	var lot []*job
	for len(lot) < most {
		select {
		case j := <-l.queue:
			if err := j.ctx.Err(); err != nil {
				j.answer <- err
				continue
			}
			lot = append(lot, j)
		default:
			return lot
		}
	}
	return lot
}

// contextOf is that of the only caller, for a time at most; of several none may end it.
func contextOf(lot []*job, most time.Duration) (context.Context, context.CancelFunc) {
	ctx := lot[0].ctx
	if len(lot) > 1 {
		ctx = context.WithoutCancel(ctx)
	}
	return context.WithTimeout(ctx, most)
}

// items are what the jobs hand in.
func items(lot []*job) []any {
	all := make([]any, len(lot))
	for n, j := range lot {
		all[n] = j.item
	}
	return all
}

// answer tells all the same.
func answer(lot []*job, err error) {
	for _, j := range lot {
		j.answer <- err
	}
}
