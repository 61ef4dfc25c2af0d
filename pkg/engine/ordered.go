package engine

import (
	"context"
	"iter"
)

// Ordered runs work on each item of in, at most parallel at a time (at least
// one), and hands the results to out one by one in the order of the items. It
// holds at most 4 × parallel + 2 items and results, however long in is. It ends
// at the first error of out, or when ctx ends; out is never called concurrently.
// When it returns no work is running and none will start; a blocked in is not
// waited for, and is left when it yields again.
func Ordered[T, R any](ctx context.Context, parallel int, in iter.Seq[T], work func(context.Context, T) R, out func(R) error) error {
	parallel = max(parallel, 1)
	ctx, cancel := context.WithCancel(ctx)
	slots := make(chan struct{}, parallel)
	defer func() {
		cancel()
		for range parallel { // each slot taken is a worker that has ended
			slots <- struct{}{}
		}
	}()
	queue := make(chan chan R, 4*parallel)
	go func() {
		defer close(queue)
		for item := range in {
			if !start(ctx, queue, slots, func() R { return work(ctx, item) }) {
				return
			}
		}
	}()
	return drain(ctx, queue, out)
}

// start queues one result and begins its work when a slot is free.
func start[R any](ctx context.Context, queue chan<- chan R, slots chan struct{}, work func() R) bool {
	result := make(chan R, 1)
	select {
	case queue <- result:
	case <-ctx.Done():
		return false
	}
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	go func() {
		defer func() { <-slots }()
		result <- work()
	}()
	return true
}

// drain waits for each queued result in turn.
func drain[R any](ctx context.Context, queue <-chan chan R, out func(R) error) error {
	for {
		select {
		case result, more := <-queue:
			if !more {
				return ctx.Err()
			}
			select {
			case r := <-result:
				if err := out(r); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
