package sqldb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// errClosed is what a caller sees who uses a database after closing it.
func errClosed(a Address) error {
	return pam.Failf(pam.ErrInterrupted, "the store %s is closed", a).WithHint("the program is ending; try again")
}

// most is how many units one transaction takes.
const most = 256

// job is a unit or an item that waits to be applied.
type job struct {
	ctx    context.Context
	unit   Unit // nil: it is an item
	item   any
	err    error // of the unit or the item itself; it was undone
	answer chan error
	begun  atomic.Bool // or taken back; of an item in lanes
	left   bool        // of an item in lanes: its lot failed
}

// begin reports whether the job is the caller's, to run it or to take it back.
func (j *job) begin() bool { return j.begun.CompareAndSwap(false, true) }

// Write hands the unit to the writer, which is started at the first call.
func (d *lite) Write(ctx context.Context, unit Unit) error { return d.hand(ctx, &job{unit: unit}) }

// Gather hands the item to the writer.
func (d *lite) Gather(ctx context.Context, item any) error { return d.hand(ctx, &job{item: item}) }

func (d *lite) hand(ctx context.Context, j *job) error {
	if d.fixed {
		return errReadOnly(d.at, errFixed)
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	j.ctx, j.answer = ctx, make(chan error, 1)
	if err := d.pass(j); err != nil {
		return err
	}
	return sqliteFailure(d.at, <-j.answer)
}

func (d *lite) pass(j *job) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.shut {
		return errClosed(d.at)
	}
	d.once.Do(func() { go d.write() })
	select {
	case d.work <- j:
		return nil
	case <-j.ctx.Done():
		return interrupted(d.at, j.ctx.Err())
	}
}

// write is the writer: the only one of this process that changes the file.
func (d *lite) write() {
	defer close(d.done)
	w := &writer{lite: d, slot: &Slot{}, bound: large, rest: time.NewTimer(lull)}
	for j, ok := w.next(); ok; j, ok = w.next() {
		runtime.Gosched() // whoever is about to hand something in does so first
		w.serve(w.join([]*job{j}))
		w.tidy()
	}
	if w.copied != nil {
		<-w.copied
	}
	w.last = &w.conn
}

// writer is what the writing goroutine keeps.
type writer struct {
	*lite
	conn    liteConn
	slot    *Slot
	dirty   int             // units since the last checkpoint
	bound   int64           // bytes of the log at which it is begun anew
	copied  <-chan struct{} // closed when the log was copied beside; nil: nobody does
	careful int             // transactions that are still to have savepoints
	rest    *time.Timer     // how long nobody has come
}

// serve applies the units in one transaction and answers their callers. It
// hopes that no unit fails, for savepoints are dear; when one does, all are run
// again, each behind a savepoint, and so are those of the next transactions.
func (w *writer) serve(batch []*job) {
	batch, err := w.begin(batch)
	if err == nil && len(batch) > 0 {
		err = w.transact(batch, len(batch) > 1 && w.careful > 0)
	}
	if err == errSpoilt { //nolint:errorlint // ours, and never wrapped
		w.careful = 64
		w.serve(batch)
		return
	}
	w.careful = max(w.careful-1, 0)
	for _, j := range batch {
		if err != nil {
			j.err = err
		}
		j.answer <- j.err
	}
}

// errSpoilt tells that a unit without a savepoint failed beside others, or that items
// were added in hope and one was refused.
var errSpoilt = errors.New("the transaction is spoilt")

// transact runs the units in the transaction that has begun, and commits.
func (w *writer) transact(batch []*job, savepoints bool) (err error) {
	committed := false
	defer func() {
		if !committed {
			_, _ = w.conn.Exec(context.Background(), "rollback")
		}
		if w.hooks.Settled != nil {
			w.hooks.Settled(w.slot, committed)
		}
	}()
	kept, err := w.gathered(batch, !savepoints)
	if err != nil {
		return err
	}
	for _, j := range batch {
		if j.unit == nil {
			continue
		}
		if err := w.run(j, savepoints); err != nil {
			return err
		}
		switch {
		case j.err == nil:
			kept++
		case len(batch) > 1 && !savepoints:
			return errSpoilt
		}
	}
	if kept == 0 {
		return nil
	}
	return w.commit(kept, &committed)
}

// gathered applies the items among the jobs, and returns how many are kept. Several
// may be applied in the hope that none is refused.
func (w *writer) gathered(batch []*job, hopeful bool) (int, error) {
	var jobs []*job
	var items []any
	for _, j := range batch {
		if j.unit == nil {
			jobs, items = append(jobs, j), append(items, j.item)
		}
	}
	if len(jobs) == 0 {
		return 0, nil
	}
	var errs []error
	tx := w.tx()
	tx.Hopeful = hopeful && len(items) > 1
	err := guarded(context.Background(), func(ctx context.Context, tx *Tx) (err error) {
		errs, err = w.hooks.Gathered(ctx, tx, items)
		return err
	}, tx)
	if _, refused := errors.AsType[*ConstraintError](err); refused && tx.Hopeful {
		return 0, errSpoilt
	}
	if err != nil {
		return 0, err
	}
	return settle(jobs, errs), nil
}

// settle notes what became of each job, and returns how many are kept.
func settle(jobs []*job, errs []error) int {
	kept := 0
	for i, j := range jobs {
		if j.err = errs[i]; j.err == nil {
			kept++
		}
	}
	return kept
}

func (w *writer) commit(kept int, committed *bool) error {
	if w.hooks.BeforeCommit != nil {
		if err := w.hooks.BeforeCommit(context.Background(), w.tx()); err != nil {
			return err
		}
	}
	_, err := w.conn.Exec(context.Background(), "commit")
	*committed = err == nil
	w.dirty += kept
	return err
}

func (w *writer) tx() *Tx { return &Tx{Slot: w.slot, runner: &w.conn, fail: w.failure} }

// run runs one unit. A unit that fails is undone alone; the error that run
// returns is one of the transaction. A unit alone needs no savepoint.
//
// The statements of a unit don't end with its caller's context: SQLite gives up
// the whole transaction when one is cut short, and others share it.
func (w *writer) run(j *job, savepoint bool) error {
	ctx := context.WithoutCancel(j.ctx)
	if savepoint {
		if _, err := w.conn.Exec(ctx, "savepoint unit"); err != nil {
			return err
		}
	}
	j.err = guarded(ctx, j.unit, w.tx())
	if !savepoint {
		return nil
	}
	if j.err != nil {
		if _, err := w.conn.Exec(ctx, "rollback to unit"); err != nil {
			return j.err // the transaction is gone: a full disk, say
		}
	}
	_, err := w.conn.Exec(ctx, "release unit")
	return err
}

// guarded turns a panic of a unit into a failure of its own, for the writer and
// the other units of the transaction must go on.
func guarded(ctx context.Context, unit Unit, tx *Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("unit of work: panic: %v", r)
		}
	}()
	return unit(ctx, tx)
}
