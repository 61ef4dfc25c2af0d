package e2e

import (
	"os"

	"golang.org/x/sys/unix"
)

// keepOutput has a terminal keep what was written to it when Ctrl-C is typed.
// Otherwise the kernel drops what nobody has read yet, also what a quick program
// had to say about the interrupt.
func keepOutput(terminal *os.File) error {
	t, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	t.Lflag |= unix.NOFLSH
	return unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, t)
}
