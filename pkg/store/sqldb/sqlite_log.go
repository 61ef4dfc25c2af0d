package sqldb

import (
	"context"
	"os"
	"time"
)

// When the write-ahead log is copied into the database.
const (
	calm       = 512                    // units after which it is, when nobody waits
	large      = 16 << 20               // bytes after which it is in any case, and begins anew
	politeness = 250 * time.Millisecond // how long those who read may keep it from that
)

// tidy copies the log into the database. It does so when nobody waits, so that
// its syncs are nobody's; other processes may keep parts of the log in use,
// which then stay there until the next time. A log that has become large begins
// anew, which it would never do by itself while one read follows the other.
func (w *writer) tidy(idle bool) {
	switch size := w.logSize(); {
	case size > w.bound:
		w.bound = size + max(size/4, large/2)
		if w.beginLog() {
			w.bound = large
		}
	case idle && w.dirty >= calm:
		w.checkpoint("passive")
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
	w.checkpoint("passive") // most of it is copied while others read
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
	var busy, frames, copied int64
	_, err := One(context.Background(), w.tx(), "pragma wal_checkpoint("+how+")", nil, []any{&busy, &frames, &copied})
	return err == nil && busy == 0
}
