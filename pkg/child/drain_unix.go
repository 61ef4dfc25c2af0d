//go:build unix

package child

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// drain carries a program's output to where it goes.
type drain struct {
	from *os.File
	to   io.Writer
	wait bool // release what is held back when nothing comes for a while

	mu    sync.Mutex
	ended bool // the program has
	done  chan struct{}
	err   error
}

const (
	drainSize = 64 << 10
	patience  = 100 * time.Millisecond
	// A pipe holds no more than this, unless root made it.
	drainRest = 1 << 20
)

func newDrain(from *os.File, to io.Writer, wait bool) *drain {
	return &drain{from: from, to: to, wait: wait, done: make(chan struct{})}
}

// run reads until all ends are closed, or the program has ended and nothing is
// left of it. When the output can't be written, the program is told by the
// pipe's end.
func (d *drain) run() {
	defer close(d.done)
	defer func() { _ = d.from.Close() }()
	buf := make([]byte, drainSize)
	defer clear(buf)
	for {
		n, err := d.from.Read(buf)
		if d.write(buf[:n]) != nil {
			return
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if d.setDeadline(time.Time{}) {
				d.rest(buf)
				return
			}
			d.release()
		case err != nil: // the end; a terminal calls it an error
			return
		case d.wait && n > 0:
			d.setDeadline(time.Now().Add(patience))
		}
	}
}

func (d *drain) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if _, err := d.to.Write(b); err != nil {
		d.err = err
	}
	return d.err
}

func (d *drain) release() {
	if r, ok := d.to.(interface{ Release() error }); ok {
		_ = r.Release() // the next write fails too
	}
}

// setDeadline sets when to stop waiting for output, and reports whether the
// program has ended; then it is not waited for any more.
func (d *drain) setDeadline(at time.Time) (ended bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		at = time.Time{}
	}
	_ = d.from.SetReadDeadline(at)
	return d.ended
}

// finish waits until everything is read that was written before the program
// ended.
func (d *drain) finish() error {
	d.mu.Lock()
	d.ended = true
	_ = d.from.SetReadDeadline(time.Unix(1, 0)) // wakes the reader
	d.mu.Unlock()
	<-d.done
	return d.err
}

// rest reads what is there without waiting for more: others may keep the pipe
// open for as long as they like.
func (d *drain) rest(buf []byte) {
	conn, err := d.from.SyscallConn()
	if err != nil {
		return
	}
	for total := 0; total < drainRest; {
		n := 0
		var failed error
		err := conn.Read(func(fd uintptr) bool {
			n, failed = syscall.Read(int(fd), buf)
			return true
		})
		if errors.Is(failed, syscall.EINTR) {
			continue
		}
		if err != nil || failed != nil || n <= 0 || d.write(buf[:n]) != nil {
			return
		}
		total += n
	}
}
