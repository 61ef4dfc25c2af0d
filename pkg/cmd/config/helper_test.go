package config_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cli"
	redimcmd "github.com/redim-tools/redim/pkg/cmd/redim"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
)

// canary is a password that changes under every encoding it may hide in.
const canary = `c4nary-Pa55/+"<&é`

// world is a user's home with a settings file in it, and a keyring that is
// only there for the test.
type world struct {
	t      *testing.T
	home   string
	env    map[string]string
	ring   map[string]secret.Value
	ask    *person
	tty    bool
	stdin  string
	noRing error

	keptUnder *config.Settings // what the last password was kept under
}

func newWorld(t *testing.T) *world {
	t.Helper()
	home := t.TempDir()
	return &world{t: t, home: home, env: map[string]string{"HOME": home}, ring: map[string]secret.Value{}}
}

func (w *world) file() string { return filepath.Join(w.home, ".config", "redim", "settings.yaml") }

// holds writes the settings file.
func (w *world) holds(text string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.file()), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(w.file(), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// text is what the settings file holds; empty when there is none.
func (w *world) text() string {
	w.t.Helper()
	b, err := os.ReadFile(w.file())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return string(b)
}

// result is what a command line came to.
type result struct {
	out, err string
	code     int
}

func (w *world) run(args ...string) result {
	w.t.Helper()
	var out, talk bytes.Buffer
	streams := term.With(strings.NewReader(w.stdin), &out, &talk, term.Facts{InTTY: w.tty, ErrTTY: w.tty})
	a := app.New("redim", streams, func(name string) string { return w.env[name] })
	a.StoreSecret = w.store
	if w.ask != nil {
		a.Prompt = func() prompt.Prompter { return w.ask }
	}
	code := app.Run(context.Background(), a, redimcmd.New, args)
	r := result{out: out.String(), err: talk.String(), code: code}
	if strings.Contains(r.out+r.err, "c4nary") {
		w.t.Errorf("redim %q shows the password:\n%s%s", args, r.out, r.err)
	}
	return r
}

func (w *world) store(_ context.Context, s *config.Settings, name string, v secret.Value) (secret.Source, error) {
	if w.noRing != nil {
		return secret.Source{}, w.noRing
	}
	w.keptUnder = s
	_ = v.Reveal(func(b []byte) error { w.ring[name] = secret.New(bytes.Clone(b)); return nil })
	return secret.Source{Kind: secret.KindKeyring, Arg: name}, nil
}

// kept is the password under a name, for comparing.
func (w *world) kept(name string) string {
	var text string
	_ = w.ring[name].Reveal(func(b []byte) error { text = string(b); return nil })
	return text
}

// ok runs a command line that must succeed.
func (w *world) ok(args ...string) result {
	w.t.Helper()
	r := w.run(args...)
	if r.code != cli.ExitOK {
		w.t.Fatalf("redim %q: code %d\n%s%s", args, r.code, r.out, r.err)
	}
	return r
}

// fails runs a command line that must fail with a code and say all of words.
func (w *world) fails(code int, words []string, args ...string) result {
	w.t.Helper()
	r := w.run(args...)
	if r.code != code {
		w.t.Errorf("redim %q: code %d, want %d\n%s%s", args, r.code, code, r.out, r.err)
	}
	has(w.t, r.err, words...)
	return r
}

func has(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("no %q in:\n%s", word, text)
		}
	}
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is\n%s\nwant\n%s", what, got, want)
	}
}

// person answers questions in order. An answer is given to the question whose
// label it names; one that is refused is followed by the next.
type person struct {
	answers []answer
	refused []string // why answers were refused
	asked   []string // labels, in order
}

type answer struct{ label, text string }

var _ prompt.Prompter = (*person)(nil)

func says(pairs ...string) *person {
	p := &person{}
	for i := 0; i+1 < len(pairs); i += 2 {
		p.answers = append(p.answers, answer{pairs[i], pairs[i+1]})
	}
	return p
}

func (p *person) next(q prompt.Question) (string, error) {
	if len(p.answers) == 0 || !strings.Contains(q.Label, p.answers[0].label) {
		return "", fmt.Errorf("nobody answers %q; left are %q", q.Label, p.answers)
	}
	text := p.answers[0].text
	p.answers = p.answers[1:]
	if text == "^C" {
		return "", prompt.ErrCancelled
	}
	return text, nil
}

func (p *person) Text(_ context.Context, q prompt.Question) (string, error) {
	p.asked = append(p.asked, q.Label)
	for {
		text, err := p.next(q)
		if err != nil {
			return "", err
		}
		if text == "" {
			text = q.Default
		}
		if q.Validate == nil {
			return text, nil
		}
		refused := q.Validate(text)
		if refused == nil {
			return text, nil
		}
		p.refused = append(p.refused, refused.Error())
	}
}

func (p *person) Select(_ context.Context, q prompt.Question, choices []string) (int, error) {
	p.asked = append(p.asked, q.Label)
	text, err := p.next(q)
	for i, c := range choices {
		if err == nil && strings.Contains(c, text) {
			return i, nil
		}
	}
	return 0, errors.Join(err, fmt.Errorf("%q is none of %q", text, choices))
}

func (p *person) Confirm(_ context.Context, q prompt.Question) (bool, error) {
	p.asked = append(p.asked, q.Label)
	text, err := p.next(q)
	return text == "yes", err
}

func (p *person) ConfirmTyped(context.Context, prompt.Question, string) (bool, error) {
	return false, pam.Failf(pam.ErrOther, "not asked here")
}

func (p *person) Secret(_ context.Context, q prompt.Question) (secret.Value, error) {
	p.asked = append(p.asked, q.Label)
	text, err := p.next(q)
	return secret.FromString(text), err
}
