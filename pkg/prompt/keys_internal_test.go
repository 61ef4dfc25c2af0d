package prompt

import (
	"strings"
	"testing"

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
		v, err := readHidden(strings.NewReader(keys))
		if err != nil || reveal(v) != want {
			t.Errorf("%q: got %q, %v", keys, reveal(v), err)
		}
	}
	if _, err := readHidden(strings.NewReader("cut")); err == nil {
		t.Error("an end of input within the secret is no answer")
	}
}

func TestKeysComeOneByOne(t *testing.T) {
	t.Parallel()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = master.Close(), tty.Close() }()
	k := keys{tty}
	typed := "b\x1b[A\x1b[1;5C\x1bx\x1b[3~\x1bOBlast\n"
	if _, err := master.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"b", "\x1b[A", "\x1b[3~", "\x1bOB", "l", "a", "s", "t", "\n"} {
		p := make([]byte, 64)
		n, err := k.Read(p)
		if err != nil || string(p[:n]) != want {
			t.Fatalf("got %q, %v, want %q", p[:n], err, want)
		}
	}
}
