package term

import (
	"os"

	xterm "golang.org/x/term"
)

// MakeRaw hands each key through as it is pressed, without echo and without
// signals, until restore is called.
func MakeRaw(f *os.File) (restore func() error, err error) {
	fd := int(f.Fd())
	before, err := xterm.MakeRaw(fd)
	if err != nil {
		return nil, err
	}
	return func() error { return xterm.Restore(fd, before) }, nil
}

// CopyMode gives one terminal the modes of another.
func CopyMode(from, to *os.File) error {
	mode, err := xterm.GetState(int(from.Fd()))
	if err != nil {
		return err
	}
	return xterm.Restore(int(to.Fd()), mode)
}
