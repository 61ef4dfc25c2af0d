package sqldb

import (
	"context"
	"math/rand/v2"
	"time"
)

// begin takes the write lock, which other processes may hold, and returns the
// units whose callers still wait; the others have been answered. All who are
// left share the error.
func (w *writer) begin(batch []*job) ([]*job, error) {
	ctx := context.Background()
	deadline := time.Now().Add(w.wait)
	for turn := 0; ; turn++ {
		if batch = w.waiting(batch); len(batch) == 0 {
			return nil, nil
		}
		err := w.open(ctx) // another process may be making the journal of a new file
		if err == nil {
			_, err = w.conn.Exec(ctx, "begin immediate")
		}
		if err == nil || !busy(err) || time.Now().After(deadline) {
			return batch, err
		}
		time.Sleep(pause(turn))
		batch = w.join(batch)
	}
}

// open opens the connection. Only who writes sets the journal: to look at a
// backup must not change it. From then on it waits for locks in begin, not in
// SQLite, whose waits grow long and favour whoever has just had the lock.
func (w *writer) open(ctx context.Context) error {
	if w.conn.conn != nil {
		return nil
	}
	if err := w.conn.open(liteDSN(w.at.Path, writerCache)); err != nil {
		return err
	}
	for _, pragma := range []string{"pragma journal_mode = wal", "pragma busy_timeout = 0"} {
		if _, err := w.conn.conn.ExecContext(ctx, pragma, nil); err != nil {
			_ = w.conn.close()
			return err
		}
	}
	return nil
}

// waiting answers those whose context has ended.
func (w *writer) waiting(batch []*job) []*job {
	left := batch[:0]
	for _, j := range batch {
		if err := j.ctx.Err(); err != nil {
			j.answer <- interrupted(w.at, err)
			continue
		}
		left = append(left, j)
	}
	return left
}

// join adds who came while the lock was not to be had.
func (w *writer) join(batch []*job) []*job {
	for len(batch) < most {
		select {
		case j, ok := <-w.work:
			if !ok {
				return batch
			}
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// pause is short and random: processes that ask in step would starve each other.
func pause(turn int) time.Duration {
	longest := min(time.Duration(turn+1)*500*time.Microsecond, 5*time.Millisecond)
	return 100*time.Microsecond + rand.N(longest)
}
