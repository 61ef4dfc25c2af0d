//go:build unix

package child

import (
	"errors"
	"os"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/redim-tools/redim/pkg/term"
)

// terminal stands between a person's terminal and the program's own. A nil one
// is none, and does nothing.
type terminal struct {
	person        *os.File
	master, slave *os.File

	restore func() error // of the person's terminal; nil: it is as it was
	wake    *os.File     // its closing ends the typing
	typed   chan struct{}
}

// openTerminal makes a pseudo-terminal as the person's is.
func openTerminal(of *Terminal) (*terminal, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, err
	}
	t := &terminal{person: of.Person, master: master, slave: slave}
	if err := errors.Join(term.CopyMode(of.Person, slave), pty.InheritSize(of.Person, master)); err != nil {
		return nil, errors.Join(err, master.Close(), slave.Close())
	}
	return t, nil
}

func (t *terminal) resize() { _ = pty.InheritSize(t.person, t.master) }

// attach puts the person's terminal into raw mode and carries what is typed to
// the program. In the background it does nothing: reading would stop us.
func (t *terminal) attach() {
	if t == nil || t.restore != nil || !isInFront(t.person) {
		return
	}
	t.resize()
	restore, err := term.MakeRaw(t.person)
	if err != nil {
		return // what is typed is not for the program then
	}
	sleeper, wake, err := os.Pipe()
	if err != nil {
		_ = restore()
		return
	}
	t.restore, t.wake, t.typed = restore, wake, make(chan struct{})
	go t.carry(sleeper)
}

// detach gives the terminal back to the person as it was.
func (t *terminal) detach() {
	if t == nil || t.restore == nil {
		return
	}
	_ = t.wake.Close()
	_ = t.master.SetWriteDeadline(time.Unix(1, 0)) // a program that does not read holds nobody up
	<-t.typed
	_ = t.master.SetWriteDeadline(time.Time{})
	_ = t.restore()
	t.restore = nil
}

// carry reads only while there is something to read, so that what is typed
// after the program's end is left for whoever comes next.
func (t *terminal) carry(sleeper *os.File) {
	defer close(t.typed)
	defer func() { _ = sleeper.Close() }()
	buf := make([]byte, 4096)
	defer clear(buf)
	for readable(t.person, sleeper) {
		n, err := t.person.Read(buf)
		if err != nil || n == 0 {
			return
		}
		if _, err := t.master.Write(buf[:n]); err != nil {
			return
		}
	}
}

// readable waits until f can be read, or reports false when the sleeper is woken.
// Select is used because poll knows no terminals on macOS.
func readable(f, sleeper *os.File) bool {
	one, other := int(f.Fd()), int(sleeper.Fd())
	for {
		var fds unix.FdSet
		fds.Set(one)
		fds.Set(other)
		_, err := unix.Select(max(one, other)+1, &fds, nil, nil, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		return err == nil && !fds.IsSet(other)
	}
}
