package prompt

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	xterm "golang.org/x/term"

	"github.com/redim-tools/redim/pkg/term"
)

// onConsole runs ask on the terminal. When ctx ends or a signal comes before ask
// returns, the terminal is put back as it was and ErrCancelled is returned; the
// read that ask is blocked in can't be ended and stays behind until the process
// ends, which is what callers do next.
func onConsole[T any](ctx context.Context, s *term.Streams, ask func(*term.Console) (T, error)) (T, error) {
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
		v, err := ask(c)
		answers <- answer{v, err}
	}()
	select {
	case a := <-answers:
		return a.value, errors.Join(cancelled(a.err), c.Close())
	case <-ctx.Done():
		return none, errors.Join(ErrCancelled, restore(c, before))
	}
}

// restore puts the terminal back: its mode, a visible cursor, a new line.
func restore(c *term.Console, before *xterm.State) error {
	err := xterm.Restore(int(c.In.Fd()), before)
	_, werr := io.WriteString(c.Out, showCursor+"\n")
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
