package prompt_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
)

// modes are the terminal's settings.
func modes(t *testing.T, p person) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

// TestTheTerminalIsPutBack ends the context, or sends Ctrl-C, while a question
// stands, and compares the terminal's modes with those before.
func TestTheTerminalIsPutBack(t *testing.T) {
	questions := map[string]struct {
		ask  func(context.Context, prompt.Prompter) (any, error)
		sign string
		raw  bool
	}{
		"a menu":   {selectOne, "evil", true},
		"a line":   {text, "User", false},
		"a secret": {password, "(not shown)", true},
	}
	for name, q := range questions {
		t.Run(name, func(t *testing.T) {
			p := atATerminal(t)
			before := modes(t, p)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := q.ask(ctx, prompt.New(p.streams, false, smart))
				done <- err
			}()
			if err := p.Expect(t.Context(), q.sign); err != nil {
				t.Fatal(err)
			}
			if q.raw {
				waitForRawMode(t, p, before)
			}
			cancel()
			if err := <-done; !errors.Is(err, prompt.ErrCancelled) {
				t.Errorf("error %v", err)
			}
			if d := cmp.Diff(before, modes(t, p)); d != "" {
				t.Errorf("the terminal is not as it was (-before +after):\n%s", d)
			}
		})
	}
}

func TestBreakingOffIsACancellation(t *testing.T) {
	tests := map[string]struct {
		getenv   func(string) string
		question func(context.Context, prompt.Prompter) (any, error)
		sign     string
		raw      bool
		key      string
	}{
		"Ctrl-C in a menu":           {smart, selectOne, "evil", true, "\x03"},
		"end of input in a menu":     {smart, selectOne, "evil", true, "\x04"},
		"end of input at a yes":      {smart, confirm, "Go on", false, "\x04"},
		"Ctrl-C at a password":       {smart, password, "(not shown)", true, "x\x03"},
		"end of input in a line":     {dumb, text, "User", false, "\x04"},
		"end of input at choices":    {dumb, selectOne, "[1-3]", false, "\x04"},
		"end of input at a password": {dumb, password, "(not shown)", true, "\x04"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := atATerminal(t)
			before := modes(t, p)
			done := make(chan error, 1)
			go func() {
				_, err := tt.question(t.Context(), prompt.New(p.streams, false, tt.getenv))
				done <- err
			}()
			if err := p.Expect(t.Context(), tt.sign); err != nil {
				t.Fatal(err)
			}
			if tt.raw {
				waitForRawMode(t, p, before)
			}
			if err := p.Send(tt.key); err != nil {
				t.Fatal(err)
			}
			if err := <-done; !errors.Is(err, prompt.ErrCancelled) || !errors.Is(err, pam.ErrInterrupted) {
				t.Errorf("error %v", err)
			}
			if d := cmp.Diff(before, modes(t, p)); d != "" {
				t.Errorf("the terminal is not as it was (-before +after):\n%s", d)
			}
		})
	}
}

// waitForRawMode waits until the program has changed the terminal's modes.
func waitForRawMode(t *testing.T, p person, before unix.Termios) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for modes(t, p) == before {
		select {
		case <-deadline:
			t.Fatal("the terminal's modes never changed")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestAContextThatHasEndedAsksNothing(t *testing.T) {
	p := atATerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for kind, getenv := range terminals() {
		if _, err := text(ctx, prompt.New(p.streams, false, getenv)); !errors.Is(err, prompt.ErrCancelled) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if seen := p.Transcript(); seen != "" {
		t.Errorf("it wrote %q", seen)
	}
}
