package prompt

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/AlecAivazis/survey/v2/terminal"
	xterm "golang.org/x/term"
)

// keys hands the keys of a terminal to the menu library, one per Read, and so
// mends what the library does with more than one key at a time. It asks the
// terminal where the cursor is and drops whatever comes in the same read as
// the answer, or before it when the prompt ends: all that was typed ahead.
// Here the answer overtakes the keys, which wait for the prompts to come.
//
// It also keeps from the library the sequences that it takes for typed text or
// for errors, such as those of Alt and Ctrl with an arrow.
type keys struct {
	tty    terminal.FileReader
	ahead  []byte // typed before it was wanted
	asked  int    // cursor questions without an answer
	answer time.Duration
}

const (
	escape = 0x1b
	// aKey is how long the rest of a key's sequence may take to come.
	aKey = 50 * time.Millisecond
	// anAnswer is how long the terminal may be silent before it tells the
	// cursor's place.
	anAnswer = 2 * time.Second
)

// Fd is the terminal's.
func (k *keys) Fd() uintptr { return k.tty.Fd() }

// Read reads one byte, one whole sequence, or one answer of the terminal.
func (k *keys) Read(p []byte) (int, error) {
	if k.asked > 0 {
		k.asked--
		answer, err := k.place()
		return copy(p, answer), err
	}
	for {
		key, err := k.next()
		if err != nil || known(key) {
			return copy(p, key), err
		}
	}
}

// place is the terminal's answer; keys that come before it are kept. Without
// an answer in time it is the lower right corner.
func (k *keys) place() ([]byte, error) {
	for {
		if !inputWithin(k.tty.Fd(), k.answer) {
			return k.corner(), nil
		}
		key, err := k.fromTerminal()
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(key, []byte("\x1b[")) && bytes.HasSuffix(key, []byte("R")) {
			return key, nil
		}
		k.ahead = append(k.ahead, key...)
	}
}

func (k *keys) corner() []byte {
	columns, lines, err := xterm.GetSize(int(k.tty.Fd()))
	if err != nil || columns <= 0 {
		columns, lines = 80, 24
	}
	return fmt.Appendf(nil, "\x1b[%d;%dR", lines, columns)
}

// next is the next key, of those typed ahead or from the terminal.
func (k *keys) next() ([]byte, error) {
	if len(k.ahead) == 0 {
		return k.fromTerminal()
	}
	n := 1
	for n < len(k.ahead) && !complete(k.ahead[:n]) {
		n++
	}
	key := slices.Clone(k.ahead[:n])
	k.ahead = k.ahead[n:]
	return key, nil
}

// fromTerminal reads a byte, and after an escape what belongs to it.
func (k *keys) fromTerminal() ([]byte, error) {
	var key []byte
	one := make([]byte, 1)
	for {
		n, err := k.tty.Read(one)
		key = append(key, one[:n]...)
		if err != nil || complete(key) || !inputWithin(k.tty.Fd(), aKey) {
			return key, err
		}
	}
}

// complete reports whether key is all of a key.
func complete(key []byte) bool {
	switch {
	case len(key) == 0 || key[0] != escape:
		return true
	case len(key) == 1:
		return false
	case key[1] == 'O':
		return len(key) == 3
	case key[1] != '[':
		return true
	}
	last := key[len(key)-1]
	return len(key) > 2 && last >= '@' && last <= '~'
}

// known reports whether the library knows what to do with key.
func known(key []byte) bool {
	if len(key) == 0 || key[0] != escape {
		return true
	}
	if len(key) == 3 && bytes.IndexByte([]byte("[O"), key[1]) >= 0 {
		return bytes.IndexByte([]byte("ABCDFH"), key[2]) >= 0
	}
	return string(key) == "\x1b[3~"
}

// line takes a line that was typed ahead; whole is false when the rest of it
// is still to be read from the terminal.
func (k *keys) line() (typed []byte, whole bool) {
	i := bytes.IndexAny(k.ahead, "\r\n")
	if i < 0 {
		typed, k.ahead = k.ahead, nil
		return typed, false
	}
	typed = slices.Clone(k.ahead[:i])
	k.ahead = k.ahead[i+1:]
	return typed, true
}

// screen is the terminal to write to; it tells keys of each cursor question.
type screen struct {
	terminal.FileWriter
	keys *keys
}

func (s screen) Write(p []byte) (int, error) {
	s.keys.asked += bytes.Count(p, []byte("\x1b[6n"))
	n, err := s.FileWriter.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return n, err
}
