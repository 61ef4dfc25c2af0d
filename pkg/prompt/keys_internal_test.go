package prompt

import (
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/redim-tools/redim/pkg/secret"
)

func reveal(v secret.Value) (s string) {
	_ = v.Reveal(func(b []byte) error { s = string(b); return nil })
	return s
}

func TestASecretCanBeCorrectedWhileItIsTyped(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("c4nary-é", 100)
	tests := map[string]string{
		"abc\r":              "abc",
		"abc\n":              "abc",
		"abx\x7fc\r":         "abc",
		"aé\x08b\r":          "ab",
		"\x7fa\r":            "a",
		"wrong\x15right\r":   "right",
		"a\x04b\r":           "a\x04b",
		"\r":                 "",
		long + "\r" + "more": long,
	}
	for keys, want := range tests {
		v, err := readHidden(strings.NewReader(keys), nil)
		if err != nil || reveal(v) != want {
			t.Errorf("%q: got %q, %v", keys, reveal(v), err)
		}
	}
	if v, err := readHidden(strings.NewReader("lf\r"), []byte("ha")); err != nil || reveal(v) != "half" {
		t.Errorf("typed ahead: %q, %v", reveal(v), err)
	}
	if _, err := readHidden(strings.NewReader("cut"), nil); err == nil {
		t.Error("an end of input within the secret is no answer")
	}
}

func TestKeysComeOneByOneAndTheAnswerFirst(t *testing.T) {
	t.Parallel()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = master.Close(), tty.Close() }()
	k := &keys{tty: tty, answer: time.Minute, asked: 1}
	typed := "b\x1b[A\x1b[1;5C\x1bx\x1b[3~\x1bOB\x1b[7;9Rlast\n"
	if _, err := master.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\x1b[7;9R", "b", "\x1b[A", "\x1b[3~", "\x1bOB", "l", "a", "s", "t", "\n"} {
		p := make([]byte, 64)
		n, err := k.Read(p)
		if err != nil || string(p[:n]) != want {
			t.Fatalf("got %q, %v, want %q", p[:n], err, want)
		}
	}
}

func TestATerminalThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = master.Close(), tty.Close() }()
	if err := pty.Setsize(tty, &pty.Winsize{Rows: 30, Cols: 99}); err != nil {
		t.Fatal(err)
	}
	k := &keys{tty: tty}
	if _, err := (screen{tty, k}).Write([]byte("\x1b[999;999f\x1b[6n")); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 64)
	if n, err := k.Read(p); err != nil || string(p[:n]) != "\x1b[30;99R" {
		t.Errorf("got %q, %v", p[:n], err)
	}
}

func TestASecretTypedAhead(t *testing.T) {
	t.Parallel()
	k := &keys{ahead: []byte("one\rtwo\nthr")}
	for _, want := range []struct {
		line  string
		whole bool
	}{{"one", true}, {"two", true}, {"thr", false}, {"", false}} {
		if line, whole := k.line(); string(line) != want.line || whole != want.whole {
			t.Errorf("got %q, %v, want %v", line, whole, want)
		}
	}
}
