package e2e

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// startAt starts a command at a terminal of this size, which is as it will be
// before the command begins.
func startAt(cmd *exec.Cmd, size *pty.Winsize) (*os.File, error) {
	terminal, inner, err := pty.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = inner.Close() }()
	if cmd.Stdout == nil {
		cmd.Stdout = inner
	}
	cmd.Stdin, cmd.Stderr = inner, inner
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := errors.Join(pty.Setsize(terminal, size), keepOutput(inner)); err != nil {
		return nil, errors.Join(err, terminal.Close())
	}
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, terminal.Close())
	}
	return terminal, nil
}

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
