package sqldb

import (
	"context"
	"os"
	"time"
)

// When the write-ahead log is copied into the database.
const (
	calm       = 512                    // units after which it is, when nobody comes for a while
	lull       = 50 * time.Millisecond  // which is longer than between two calls of a busy time
	large      = 16 << 20               // bytes after which it is in any case, and begins anew
	politeness = 250 * time.Millisecond // how long those who read may keep it from that
)

// next waits for a job. When none comes for a while, it copies the log into the
// database, so that its syncs are nobody's; other processes may keep parts of the log
// in use, which then stay there until the next time.
func (w *writer) next() (*job, bool) {
	if w.dirty < calm {
		j, ok := <-w.work
		return j, ok
	}
	w.rest.Reset(lull)
	select {
	case j, ok := <-w.work:
		w.rest.Stop()
		return j, ok
	case <-w.rest.C:
		w.checkpoint("passive")
		return w.next()
	}
}

// tidy begins a log anew that has become large, which it would never do by itself
// while one read follows the other. Most of it is copied before, while the next
// transactions go on, unless they make it grow too fast.
func (w *writer) tidy() {
	size := w.logSize()
	switch {
	case w.copied == nil && size > w.bound:
		w.copied = w.copyBeside()
	case w.copied != nil && (size > w.bound+large/2 || over(w.copied)):
		<-w.copied
		w.copied = nil
		w.bound = size + max(size/4, large/2)
		if w.beginLog() {
			w.bound = large
		}
	}
}

// copyBeside copies the log over a connection of those that read, if one is free soon,
// and tells when it has ended.
func (w *writer) copyBeside() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait, cancel := context.WithTimeout(context.Background(), politeness)
		defer cancel()
		_ = w.borrow(wait, func(c *liteConn) error { // what is left is copied when the log begins anew
			_, err := checkpoint(&Tx{runner: c, fail: w.failure}, "passive")
			return err
		})
	}()
	return done
}

func over(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// logSize is that of the file, which keeps at most large bytes when it begins anew.
func (w *writer) logSize() int64 {
	info, err := os.Stat(w.at.Path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// beginLog lets the next transaction begin at the beginning of the log, for which
// nobody may read in it. New readers wait meanwhile, for a short time.
func (w *writer) beginLog() bool {
	w.checkpoint("passive") // what is left of it is copied while others read
	var held []*liteConn
	defer func() {
		for _, c := range held {
			w.free <- c
		}
	}()
	for over := time.After(politeness); len(held) < readers; {
		select {
		case c := <-w.free:
			held = append(held, c)
		case <-over:
			return false
		}
	}
	return w.checkpoint("restart")
}

// checkpoint reports whether it was done.
func (w *writer) checkpoint(how string) bool {
	w.dirty = 0
	done, err := checkpoint(w.tx(), how)
	return err == nil && done
}

func checkpoint(tx *Tx, how string) (done bool, err error) {
	var busy, frames, copied int64
	_, err = One(context.Background(), tx, "pragma wal_checkpoint("+how+")", nil, []any{&busy, &frames, &copied})
	return busy == 0, err
}
