package prompt

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	xterm "golang.org/x/term"

	"github.com/redim-tools/redim/pkg/term"
)

// console is the terminal while one question stands.
type console struct {
	in  untilDone
	out *os.File
}

// onConsole runs ask on the terminal. When ctx ends or a signal comes before
// ask returns, ErrCancelled is returned, and the terminal is as it was before.
func onConsole[T any](ctx context.Context, s *term.Streams, ask func(console) (T, error)) (T, error) {
	var none T
	c, err := s.Console()
	if err != nil {
		return none, err
	}
	before, err := xterm.GetState(int(c.In.Fd()))
	if err != nil {
		return none, errors.Join(err, c.Close())
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if ctx.Err() != nil {
		return none, errors.Join(ErrCancelled, c.Close())
	}

	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		v, err := ask(console{untilDone{c.In, ctx.Done()}, c.Out})
		answers <- answer{v, err}
	}()
	select {
	case a := <-answers:
		return a.value, errors.Join(cancelled(a.err), c.Close())
	case <-ctx.Done():
	}
	select {
	case <-answers:
		return none, errors.Join(ErrCancelled, restore(c, before), c.Close())
	case <-time.After(patience):
		// A read of the console of Windows can't be ended; it stays
		// behind until the process ends.
		return none, errors.Join(ErrCancelled, restore(c, before))
	}
}

const (
	// patience is how long a question may take to break off.
	patience = 500 * time.Millisecond
	// glance is how often a reader looks whether it is to break off.
	glance = 50 * time.Millisecond
)

// untilDone is a terminal whose reads end when done is closed.
type untilDone struct {
	*os.File
	done <-chan struct{}
}

func (u untilDone) Read(p []byte) (int, error) {
	for !inputWithin(u.Fd(), glance) {
		select {
		case <-u.done:
			return 0, ErrCancelled
		default:
		}
	}
	return u.File.Read(p)
}

// restore puts the terminal back: its mode, a visible cursor, a new line.
func restore(c *term.Console, before *xterm.State) error {
	err := xterm.Restore(int(c.In.Fd()), before)
	_, werr := c.Out.WriteString(showCursor + "\n")
	return errors.Join(err, werr)
}

const showCursor = "\x1b[?25h"

// cancelled turns an end of input into ErrCancelled.
func cancelled(err error) error {
	if errors.Is(err, io.EOF) {
		return ErrCancelled
	}
	return err
}

// readLine reads up to a line feed, byte by byte: what was typed ahead must
// stay for the next question.
func readLine(r io.Reader) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := r.Read(one)
		if n > 0 && one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			return "", err
		}
	}
}
