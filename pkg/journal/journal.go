package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
)

// Journal keeps its files in one directory, which it makes when first needed.
// It is safe for concurrent use by any number of processes. Warn, when set
// before the first use, is told at each reading of what could not be read.
type Journal struct {
	Warn func(message string)

	dir  string
	wait time.Duration // for other processes

	mu    sync.Mutex
	owned map[string]func() // by checkout id: gives up what says that this process answers for it
}

// New returns the journal of a directory. It touches nothing.
func New(dir string) *Journal { return &Journal{dir: dir, wait: lockWait} }

const (
	fileName  = "checkouts.journal"
	asideName = "checkouts.damaged" // lines that could not be read
	lockName  = "checkouts.lock"
	lockWait  = 10 * time.Second
)

// Path is where the file is.
func (j *Journal) Path() string { return filepath.Join(j.dir, fileName) }

// DamagedPath is where lines are set aside that could not be read.
func (j *Journal) DamagedPath() string { return filepath.Join(j.dir, asideName) }

// Append writes one record. A record that names a process makes this one its
// owner, until a record of the same checkout names none, or the process ends:
// see Abandoned. ErrJournal when it can't be, ErrInterrupted when ctx
// ends first; then there is no record. An intent, or that a secret is
// read, is on disk when Append returns.
// An outcome survives the end of any process, but a power failure may lose it:
// the intent then stays open, which says too much and never too little, and to
// check it in again does no harm.
func (j *Journal) Append(ctx context.Context, c pam.Checkout) error {
	line, err := encode(c)
	if err != nil {
		return unavailable(err)
	}
	return j.locked(ctx, func() error {
		if err := j.own(c); err != nil {
			return err
		}
		size, err := j.append(line, c.State == pam.CheckoutIntended || c.State == pam.CheckoutRead)
		if err == nil && size/compactEvery > (size-int64(len(line)))/compactEvery {
			_ = j.compact() // the record is safe; a rewrite can wait for the next time
		}
		if err == nil {
			j.disown(c)
		}
		return err
	})
}

// Open lists the checkouts that are intended or open, oldest first.
func (j *Journal) Open(ctx context.Context) ([]pam.Checkout, error) {
	all, err := j.All(ctx)
	open := all[:0]
	for _, c := range all {
		if isOpen(c) {
			open = append(open, c)
		}
	}
	return open, err
}

// All lists every checkout that is still in the file, oldest first.
func (j *Journal) All(ctx context.Context) ([]pam.Checkout, error) {
	all, err := j.read()
	if err != nil {
		return nil, err
	}
	if len(all.unreadable()) > 0 {
		all = j.mend(ctx, all)
	}
	j.warn(all)
	return all.checkouts, nil
}

func isOpen(c pam.Checkout) bool {
	return c.State == pam.CheckoutIntended || c.State == pam.CheckoutOpen
}

// mend reads again while nobody writes, since a line that looks cut may be one
// that is being written, and sets aside what can't be read even so. Where that
// can't be done, before is the answer.
func (j *Journal) mend(ctx context.Context, before contents) contents {
	after := before
	_ = j.locked(ctx, func() error {
		now, err := j.read()
		if err != nil {
			return err
		}
		after = now
		if len(now.unreadable()) == 0 {
			return nil
		}
		if err := j.compact(); err != nil {
			return err
		}
		after.damaged, after.tail = nil, nil
		return nil
	})
	return after
}

// warn tells of what may be open and is not listed.
func (j *Journal) warn(all contents) {
	if j.Warn == nil {
		return
	}
	const advice = "a checkout may be open that is not listed; look at them, and at what the service itself lists"
	if n := len(all.unreadable()); n > 0 {
		j.Warn(fmt.Sprintf("%d lines of %s are cut or damaged: %s", n, j.Path(), advice))
	}
	if _, err := os.Stat(j.DamagedPath()); err == nil {
		j.Warn(fmt.Sprintf("damaged lines of the journal are kept in %s: %s, then remove that file", j.DamagedPath(), advice))
	}
	if n := len(all.newer); n > 0 {
		j.Warn(fmt.Sprintf("%d lines of %s were written by a newer version: %s, or use that version", n, j.Path(), advice))
	}
}

// locked runs do while no other process writes.
func (j *Journal) locked(ctx context.Context, do func() error) error {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return unavailable(err)
	}
	wait, cancel := context.WithTimeout(ctx, j.wait)
	defer cancel()
	release, err := atomicfile.LockAndKeep(wait, filepath.Join(j.dir, lockName))
	switch {
	case err != nil && ctx.Err() != nil:
		return pam.Failf(pam.ErrInterrupted, "interrupted while waiting for the journal of checkouts")
	case errors.Is(err, context.DeadlineExceeded):
		return pam.Failf(pam.ErrJournal, "journal of checkouts: another process has held it for %s", j.wait).
			WithHint("find who holds %s, or set REDIM_STATE_DIR to a place of your own", filepath.Join(j.dir, lockName))
	case err != nil:
		return unavailable(err)
	}
	defer release()
	return do()
}

func unavailable(err error) error {
	return pam.Failf(pam.ErrJournal, "journal of checkouts: %w", err).
		WithHint("without it nothing is checked out; make the directory writable, make room, or set REDIM_STATE_DIR")
}
