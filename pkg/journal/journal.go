package journal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
)

// Journal keeps its file in one directory, which it makes when first needed.
// It is safe for concurrent use by any number of processes.
type Journal struct {
	dir string
}

// New returns the journal of a directory. It touches nothing.
func New(dir string) *Journal { return &Journal{dir: dir} }

const (
	fileName    = "checkouts.journal"
	lockName    = "checkouts.lock"
	lockWait    = 10 * time.Second
	compactSize = 256 << 10 // rewrite the file when it has grown to this many bytes
	keepClosed  = 500       // closed checkouts that a rewrite keeps
)

// Path is where the file is.
func (j *Journal) Path() string { return filepath.Join(j.dir, fileName) }

// Append writes one record and returns when it is on disk.
func (j *Journal) Append(ctx context.Context, c pam.Checkout) error {
	return j.locked(ctx, func() error {
		size, err := j.append(encode(c))
		if err == nil && size > compactSize {
			_ = j.compact() // the record is safe; a rewrite can wait for the next append
		}
		return err
	})
}

// Open lists the checkouts that are intended or open, oldest first.
func (j *Journal) Open(context.Context) ([]pam.Checkout, error) {
	all, err := j.read()
	open := all[:0]
	for _, c := range all {
		if isOpen(c) {
			open = append(open, c)
		}
	}
	return open, err
}

// All lists every checkout that is still in the file, oldest first.
func (j *Journal) All(context.Context) ([]pam.Checkout, error) { return j.read() }

func isOpen(c pam.Checkout) bool {
	return c.State == pam.CheckoutIntended || c.State == pam.CheckoutOpen
}

// locked runs do while no other process writes.
func (j *Journal) locked(ctx context.Context, do func() error) error {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return unavailable(err)
	}
	lock := flock.New(filepath.Join(j.dir, lockName), flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, 2*time.Millisecond); err != nil {
		return unavailable(err)
	}
	defer func() { _ = lock.Close() }() // closing the file is what frees the lock
	return do()
}

// append writes line at the end of the file, first ending a line that was
// cut, and syncs. It returns the new size.
func (j *Journal) append(line []byte) (size int64, err error) {
	f, fresh, err := j.openFile()
	if err != nil {
		return 0, unavailable(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err = f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, unavailable(err)
	}
	if size > 0 && !endsLine(f, size) {
		line = append([]byte("\n"), line...)
	}
	if _, err := f.WriteAt(line, size); err != nil {
		_ = f.Truncate(size) // leave no half record where the disk is full
		return 0, unavailable(err)
	}
	if err := f.Sync(); err != nil {
		return 0, unavailable(err)
	}
	if fresh {
		err = syncDir(j.dir)
	}
	return size + int64(len(line)), err
}

func (j *Journal) openFile() (f *os.File, fresh bool, err error) {
	f, err = os.OpenFile(j.Path(), os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.OpenFile(j.Path(), os.O_RDWR|os.O_CREATE, 0o600)
		return f, true, err
	}
	return f, false, err
}

func endsLine(f *os.File, size int64) bool {
	last := make([]byte, 1)
	_, err := f.ReadAt(last, size-1)
	return err == nil && last[0] == '\n'
}

// read folds the file: one checkout an id, in its latest state.
func (j *Journal) read() ([]pam.Checkout, error) {
	data, err := os.ReadFile(j.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	var all []pam.Checkout
	at := map[string]int{}
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		c, ok := decode(line)
		if !ok {
			continue
		}
		if i, seen := at[c.ID]; seen {
			all[i] = c
			continue
		}
		at[c.ID] = len(all)
		all = append(all, c)
	}
	return all, nil
}

// compact rewrites the file with what is open and the newest of what is closed.
func (j *Journal) compact() error {
	all, err := j.read()
	if err != nil {
		return err
	}
	closed := 0
	for _, c := range all {
		if !isOpen(c) {
			closed++
		}
	}
	var out bytes.Buffer
	for _, c := range all {
		if !isOpen(c) {
			if closed--; closed >= keepClosed {
				continue
			}
		}
		out.Write(encode(c))
	}
	return atomicfile.Write(j.Path(), out.Bytes(), 0o600)
}

func unavailable(err error) error {
	return pam.Failf(pam.ErrJournal, "journal of checkouts: %w", err).
		WithHint("without it nothing is checked out; make the directory writable, make room, or set REDIM_STATE_DIR")
}
