package prompt_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/redim-tools/redim/pkg/e2e/dialogue"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/term"
)

// person is somebody at a terminal.
type person struct {
	*dialogue.Screen
	tty     *os.File
	streams *term.Streams
	out     *bytes.Buffer
}

func atATerminal(t *testing.T) person {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = master.Close(), tty.Close() })
	var out bytes.Buffer
	facts := term.Facts{InTTY: true, OutTTY: false, ErrTTY: true}
	return person{dialogue.Open(master), tty, term.With(tty, &out, tty, facts), &out}
}

func dumb(name string) string {
	if name == "TERM" {
		return "dumb"
	}
	return ""
}

func smart(name string) string {
	if name == "TERM" {
		return "xterm"
	}
	return ""
}

// terminals are the two kinds that every question is asked on.
func terminals() map[string]func(string) string {
	return map[string]func(string) string{"menus": smart, "plain lines": dumb}
}

type result struct {
	value any
	err   error
}

// ask runs one question beside a dialogue, with a deadline.
func ask(t *testing.T, p person, getenv func(string) string, steps string, question func(context.Context, prompt.Prompter) (any, error)) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	done := make(chan result, 1)
	go func() {
		v, err := question(ctx, prompt.New(p.streams, false, getenv))
		done <- result{v, err}
	}()
	if err := p.Play(ctx, steps); err != nil {
		t.Fatal(err)
	}
	r := <-done
	if p.out.Len() > 0 {
		t.Errorf("standard output got %q", p.out)
	}
	return r
}

func selectOne(ctx context.Context, p prompt.Prompter) (any, error) {
	q := prompt.Question{Label: "Account\x1b[2J", Flag: "--account", Default: "svc-web"}
	return p.Select(ctx, q, []string{"Administrator", "svc-web", "evil\x1b[31m"})
}

func confirm(ctx context.Context, p prompt.Prompter) (any, error) {
	return p.Confirm(ctx, prompt.Question{Label: "Go on?", Flag: "--yes"})
}

func typed(ctx context.Context, p prompt.Prompter) (any, error) {
	return p.ConfirmTyped(ctx, prompt.Question{Label: "This clears all", Flag: "--yes"}, "prod")
}

func text(ctx context.Context, p prompt.Prompter) (any, error) {
	return p.Text(ctx, prompt.Question{Label: "User", Flag: "--user", Default: "alice", Validate: func(s string) error {
		if strings.Contains(s, " ") {
			return errors.New("no spaces please")
		}
		return nil
	}})
}

func password(ctx context.Context, p prompt.Prompter) (any, error) {
	v, err := p.Secret(ctx, prompt.Question{Label: "API password", Flag: "--password-from"})
	var s string
	_ = v.Reveal(func(b []byte) error { s = string(b); return nil })
	return s, err
}

func TestQuestionsAreAnswered(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		terminals string // "menus", "plain lines" or both
		question  func(context.Context, prompt.Prompter) (any, error)
		steps     string
		want      any
	}{
		{"the default of a menu", "menus", selectOne, "expect evil\\x1b[31m\nsend \"\\r\"", 1},
		{"another choice of a menu", "menus", selectOne, "expect evil\nsend \"\\x1b[A\\r\"", 0},
		{"a choice by typing a part of it", "menus", selectOne, "expect evil\nsend \"evi\\r\"", 2},
		{"a choice by number", "plain lines", selectOne, "expect [1-3]:\nsend \"9\\n\"\nexpect a number from 1 to 3\nsend \"3\\n\"", 2},
		{"yes", "both", confirm, "expect Go on?\nsend \"y\\n\"", true},
		{"no", "both", confirm, "expect Go on?\nsend \"n\\n\"", false},
		{"an empty answer is a no", "both", confirm, "expect Go on?\nsend \"\\n\"", false},
		{"the name typed", "both", typed, "expect type prod\nsend \"prod\\n\"", true},
		{"another name typed", "both", typed, "expect type prod\nsend \"yes\\n\"", false},
		{"a line", "both", text, "expect User\nsend \" bob \\n\"", "bob"},
		{"the default line", "both", text, "expect alice\nsend \"\\n\"", "alice"},
		{"a line that is refused first", "both", text, "expect User\nsend \"a b\\n\"\nexpect no spaces please\nexpect User\nsend \"ab\\n\"", "ab"},
		{"a secret", "both", password, "expect (not shown):\nsend \"c4nary-Pa55/+\\\"<&é\\n\"", "c4nary-Pa55/+\"<&é"},
	}
	for _, tt := range tests {
		for kind, getenv := range terminals() {
			if tt.terminals != kind && tt.terminals != "both" {
				continue
			}
			t.Run(tt.name+" with "+kind, func(t *testing.T) {
				p := atATerminal(t)
				if r := ask(t, p, getenv, tt.steps, tt.question); r.err != nil || r.value != tt.want {
					t.Errorf("got %v, %v, want %v", r.value, r.err, tt.want)
				}
				if seen := p.Transcript(); strings.Contains(seen, "c4nary") || strings.Contains(seen, "evil\x1b") {
					t.Errorf("the terminal showed %q", seen)
				}
			})
		}
	}
}

func TestWhatIsTypedAheadIsNotLost(t *testing.T) {
	for kind, getenv := range terminals() {
		t.Run(kind, func(t *testing.T) {
			p := atATerminal(t)
			r := ask(t, p, getenv, "expect User\nsend \"bob\\ny\\nprod\\n\"", func(ctx context.Context, asker prompt.Prompter) (any, error) {
				user, err := text(ctx, asker)
				yes, err2 := confirm(ctx, asker)
				same, err3 := typed(ctx, asker)
				return []any{user, yes, same}, errors.Join(err, err2, err3)
			})
			if got, ok := r.value.([]any); r.err != nil || !ok || got[0] != "bob" || got[1] != true || got[2] != true {
				t.Errorf("got %v, %v", r.value, r.err)
			}
		})
	}
}

func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	for name, question := range map[string]func(context.Context, prompt.Prompter) (any, error){
		"--account": selectOne, "--yes": confirm, "--user": text, "--password-from": password,
	} {
		s := term.With(strings.NewReader("\n"), io.Discard, io.Discard, term.Facts{})
		_, err := question(t.Context(), prompt.New(s, false, smart))
		var f *pam.Failure
		if !errors.As(err, &f) || f.Class != pam.ErrUsage || !strings.Contains(f.Hint, name) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name == "--account" && !strings.Contains(f.Hint, `Administrator, svc-web, evil\x1b[31m`) {
			t.Errorf("the choices are not listed: %s", f.Hint)
		}
	}
	s := term.With(strings.NewReader("\n"), io.Discard, io.Discard, term.Facts{})
	if _, err := typed(t.Context(), prompt.New(s, true, smart)); !errors.Is(err, pam.ErrUsage) {
		t.Error(err)
	}
}

func TestNothingToChooseFrom(t *testing.T) {
	t.Parallel()
	for kind, getenv := range terminals() {
		p := atATerminal(t)
		if _, err := prompt.New(p.streams, false, getenv).Select(t.Context(), prompt.Question{}, nil); err == nil {
			t.Errorf("%s: no error", kind)
		}
	}
}

func TestANewSecretIsTypedTwice(t *testing.T) {
	t.Parallel()
	typed := func(lines ...string) (steps string) {
		for n, line := range lines {
			label := []string{"Secret (not shown):", "Secret again (not shown):"}[n%2]
			steps += "expect " + label + "\nsend \"" + line + "\\r\"\n"
		}
		return steps
	}
	for name, tt := range map[string]struct {
		lines []string
		want  string
		err   error
	}{
		"the same twice":  {[]string{"c4nary-a", "c4nary-a"}, "c4nary-a", nil},
		"after a slip":    {[]string{"c4nary-a", "c4nary-b", "c4nary-a", "c4nary-a"}, "c4nary-a", nil},
		"nothing":         {[]string{""}, "", nil},
		"never the same":  {[]string{"c4nary-a", "c4nary-b", "c4nary-a", "", "c4nary-a", "c4nary-A"}, "", pam.ErrUsage},
		"broken off then": {[]string{"c4nary-a", "\\x03"}, "", prompt.ErrCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ask(t, atATerminal(t), dumb, typed(tt.lines...), func(ctx context.Context, p prompt.Prompter) (any, error) {
				v, err := prompt.NewSecret(ctx, p, prompt.Question{Label: "Secret", Flag: "--secret-from"})
				var s string
				_ = v.Reveal(func(b []byte) error { s = string(b); return nil })
				return s, err
			})
			if r.value != any(tt.want) || !errors.Is(r.err, tt.err) {
				t.Errorf("%q, %v", r.value, r.err)
			}
		})
	}
}
