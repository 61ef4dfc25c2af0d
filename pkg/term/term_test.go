package term_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"
	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/term"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestWhoMayBeAsked(t *testing.T) {
	t.Parallel()
	here := func() (*term.Console, error) { return &term.Console{}, nil }
	gone := func() (*term.Console, error) { return nil, errors.New("no such device") }
	both := term.Facts{InTTY: true, ErrTTY: true}
	tests := []struct {
		name    string
		facts   term.Facts
		noInput bool
		env     func(string) string
		why     string
	}{
		{"a person at a terminal", both, false, env(), ""},
		{"a pipe with a controlling terminal", term.Facts{OpenConsole: here}, false, env(), ""},
		{"a pipe without one", term.Facts{}, false, env(), "there is no terminal"},
		{"a controlling terminal that is gone", term.Facts{InTTY: true, OpenConsole: gone}, false, env(), "there is no terminal"},
		{"the flag", both, true, env(), "--no-input is given"},
		{"the variable", both, false, env("REDIM_NO_INPUT", "1"), "REDIM_NO_INPUT is set"},
		{"a CI system", both, false, env("CI", "true"), "CI is set"},
		{"variables that say no", both, false, env("CI", "false", "REDIM_NO_INPUT", "0"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := term.With(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{}, tt.facts)
			if why := s.WhyNoPrompt(tt.noInput, tt.env); why != tt.why {
				t.Errorf("why not: %q, want %q", why, tt.why)
			}
			if can := s.CanPrompt(tt.noInput, tt.env); can != (tt.why == "") {
				t.Errorf("can prompt: %v", can)
			}
		})
	}
}

func TestColourNeedsATerminalThatWantsIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		tty  bool
		env  func(string) string
		want bool
	}{
		{true, env("TERM", "xterm"), true},
		{false, env("TERM", "xterm"), false},
		{true, env("NO_COLOR", "1"), false},
		{true, env("TERM", "dumb"), false},
	}
	for _, tt := range tests {
		s := term.With(nil, nil, nil, term.Facts{OutTTY: tt.tty})
		if got := s.Colour(tt.env); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

func TestFactsAreTakenAsTold(t *testing.T) {
	t.Parallel()
	s := term.With(nil, nil, nil, term.Facts{InTTY: true, ErrTTY: true, Columns: 132})
	if !s.InteractiveIn() || s.InteractiveOut() || !s.InteractiveErr() || s.Width() != 132 {
		t.Errorf("%+v", s)
	}
	if w := term.With(nil, nil, nil, term.Facts{}).Width(); w != 80 {
		t.Errorf("unknown width is %d", w)
	}
}

func TestTheStreamsOfTheProcess(t *testing.T) {
	t.Parallel()
	s := term.System()
	if s.In != os.Stdin || s.Out != os.Stdout || s.Err != os.Stderr {
		t.Errorf("%+v", s)
	}
}

func TestTheWidthOfARealTerminal(t *testing.T) {
	t.Parallel()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = master.Close(), tty.Close() }()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 101}); err != nil {
		t.Fatal(err)
	}
	s := term.With(tty, tty, tty, term.Facts{InTTY: true, OutTTY: true, ErrTTY: true})
	if w := s.Width(); w != 101 {
		t.Errorf("width %d", w)
	}
	c, err := s.Console()
	if err != nil || c.In != tty || c.Out != tty {
		t.Fatalf("console %+v, %v", c, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := tty.WriteString("x"); err != nil {
		t.Errorf("closing the console closed a standard stream: %v", err)
	}
}

func TestNoConsole(t *testing.T) {
	t.Parallel()
	if _, err := term.With(nil, nil, nil, term.Facts{}).Console(); !errors.Is(err, term.ErrNoConsole) {
		t.Error(err)
	}
}

func TestRemoteTextCanNotActOnATerminal(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":         "",
		`EX\alice`: `EX\alice`,
		"Ünïcödé 系統 👩\u200d🔧 نمی\u200cخواهم": "Ünïcödé 系統 👩\u200d🔧 نمی\u200cخواهم",
		"a\x1b[2Jb":           `a\x1b[2Jb`,
		"\x1b]0;t\x07":        `\x1b]0;t\x07`,
		"c1 \u009b31m":        `c1 \u009b31m`,
		"cut \xff\xc3":        `cut \xff\xc3`,
		"\ufffd":              "\ufffd",
		"del\x7f nul\x00":     `del\x7f nul\x00`,
		"l1\nl2\r\tx":         `l1\nl2\r\tx`,
		"evil\u202etxt\u2066": `evil\u202etxt\u2066`,
		"hid\u200bden\ufeff":  `hid\u200bden\ufeff`,
		"sep\u2028\u2029":     `sep\u2028\u2029`,
		"tag\U000e0041":       `tag\U000e0041`,
	}
	for in, want := range tests {
		if got := term.Safe(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := term.SafeLines("a\nb\x1b"); got != "a\nb\\x1b" {
		t.Errorf("lines: %q", got)
	}
}

func TestSafeTextIsSafeForAnyText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		got := term.Safe(in)
		if strings.ContainsFunc(got, term.Unsafe) || !utf8.ValidString(got) {
			t.Fatalf("%q is not safe", got)
		}
		if again := term.Safe(got); again != got {
			t.Fatalf("%q becomes %q the second time", got, again)
		}
	})
}
