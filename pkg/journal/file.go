package journal

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
)

const (
	compactEvery = 256 << 10        // the file is rewritten whenever it has grown past a multiple of this many bytes
	keepBytes    = compactEvery / 2 // bytes of closed checkouts that a rewrite keeps, the newest
	keepClosed   = 500              // and how many of them
)

// append writes line at the end of the file, first ending a line that was
// cut, and syncs when it is asked to. It returns the new size. On an error the
// file is as before.
func (j *Journal) append(line []byte, sync bool) (int64, error) {
	f, err := atomicfile.OpenFile(j.Path(), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if err := atomicfile.Write(j.Path(), line, 0o600); err != nil {
			return 0, unavailable(err)
		}
		return int64(len(line)), nil
	}
	if err != nil {
		return 0, unavailable(err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, unavailable(err)
	}
	if size > 0 && !endsLine(f, size) {
		line = append([]byte("\n"), line...)
	}
	if err := write(f, line, size, sync); err != nil {
		_ = f.Truncate(size) // leave no half record where the disk is full
		return 0, unavailable(err)
	}
	return size + int64(len(line)), nil
}

func write(f *os.File, line []byte, at int64, sync bool) error {
	if _, err := f.WriteAt(line, at); err != nil || !sync {
		return err
	}
	return f.Sync()
}

func endsLine(f *os.File, size int64) bool {
	last := make([]byte, 1)
	_, err := f.ReadAt(last, size-1)
	return err == nil && last[0] == '\n'
}

// contents are what the file holds: one checkout an id, in its latest state,
// and the lines that stand for none.
type contents struct {
	checkouts []pam.Checkout
	damaged   [][]byte
	newer     [][]byte // valid, but of a version that this program does not know
	tail      []byte   // after the last newline: cut, or being written
}

// unreadable are the damaged lines and the tail.
func (c contents) unreadable() [][]byte {
	if len(c.tail) == 0 {
		return c.damaged
	}
	return append(slices.Clone(c.damaged), c.tail)
}

func (j *Journal) read() (contents, error) {
	data, err := j.readFile()
	if errors.Is(err, fs.ErrNotExist) {
		return contents{}, nil
	}
	if err != nil {
		return contents{}, unavailable(err)
	}
	return fold(data), nil
}

func (j *Journal) readFile() ([]byte, error) {
	f, err := atomicfile.Open(j.Path())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func fold(data []byte) contents {
	var all contents
	at := map[string]int{}
	for line := range bytes.Lines(data) {
		text, ended := bytes.CutSuffix(line, []byte("\n"))
		c, kind := decode(text)
		switch {
		case len(text) == 0:
		case kind == lineNewer:
			all.newer = append(all.newer, text)
		case kind == lineDamaged && ended:
			all.damaged = append(all.damaged, text)
		case kind == lineDamaged:
			all.tail = text
		default:
			all.put(at, c)
		}
	}
	return all
}

func (c *contents) put(at map[string]int, checkout pam.Checkout) {
	if i, seen := at[checkout.ID]; seen {
		c.checkouts[i] = checkout
		return
	}
	at[checkout.ID] = len(c.checkouts)
	c.checkouts = append(c.checkouts, checkout)
}

// compact rewrites the file with what is open, the newest of what is closed,
// and the lines of newer versions. Damaged lines are set aside first.
func (j *Journal) compact() error {
	all, err := j.read()
	if err != nil {
		return err
	}
	if err := j.setAside(all.unreadable()); err != nil {
		return err
	}
	out := all.rewrite()
	if err := atomicfile.Write(j.Path(), out, 0o600); err != nil {
		return unavailable(err)
	}
	j.sweepOwners()
	return nil
}

func (c contents) rewrite() []byte {
	var lines [][]byte
	closed, bytesClosed := 0, 0
	for _, checkout := range slices.Backward(c.checkouts) {
		line, err := encode(checkout)
		if err != nil { // it came from such a line
			continue
		}
		if !isOpen(checkout) && !isUnfinished(checkout) {
			closed, bytesClosed = closed+1, bytesClosed+len(line)
			if closed > keepClosed || bytesClosed > keepBytes {
				continue
			}
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	for _, line := range c.newer {
		lines = append(lines, line, []byte("\n"))
	}
	return bytes.Join(lines, nil)
}

// setAside adds lines to the file for what could not be read.
func (j *Journal) setAside(lines [][]byte) error {
	if len(lines) == 0 {
		return nil
	}
	f, err := atomicfile.OpenFile(j.DamagedPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return unavailable(err)
	}
	_, err = f.Write(append(bytes.Join(lines, []byte("\n")), '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return unavailable(err)
	}
	return nil
}
