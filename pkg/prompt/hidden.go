package prompt

import (
	"errors"
	"io"
	"unicode/utf8"

	xterm "golang.org/x/term"

	"github.com/redim-tools/redim/pkg/secret"
)

// The keys that mean something while a secret is typed.
const (
	ctrlC     = 0x03
	ctrlD     = 0x04
	backspace = 0x08
	ctrlU     = 0x15
	del       = 0x7f
)

// askHidden asks for a line that is not shown. Echo is off before the question appears, so that not even a fast paste is shown.
func askHidden(c console, label string) (value secret.Value, err error) {
	before, err := xterm.MakeRaw(int(c.in.Fd()))
	if err != nil {
		return secret.Value{}, err
	}
	defer func() {
		_, werr := c.out.WriteString("\r\n")
		err = errors.Join(err, werr, xterm.Restore(int(c.in.Fd()), before))
	}()
	if _, err := c.out.WriteString(label); err != nil {
		return secret.Value{}, err
	}
	return readHidden(c.in)
}

// readHidden reads keys up to Enter. Its buffers are wiped when it fails.
func readHidden(r io.Reader) (secret.Value, error) {
	var line []byte
	one := make([]byte, 1)
	for {
		n, err := r.Read(one)
		if err == nil && n == 0 {
			err = io.EOF
		}
		if err == nil && (one[0] == ctrlC || one[0] == ctrlD && len(line) == 0) {
			err = ErrCancelled
		}
		switch {
		case err != nil:
			clear(line)
			return secret.Value{}, err
		case one[0] == '\r' || one[0] == '\n':
			return secret.New(line), nil
		}
		line = typeHidden(line, one[0])
	}
}

// typeHidden applies one key to the line.
func typeHidden(line []byte, key byte) []byte {
	cut := len(line)
	switch key {
	case backspace, del:
		_, size := utf8.DecodeLastRune(line)
		cut -= size
	case ctrlU:
		cut = 0
	default:
		return grow(line, key)
	}
	clear(line[cut:])
	return line[:cut]
}

// grow appends like append, but leaves no copy of the secret behind.
func grow(line []byte, key byte) []byte {
	if len(line) < cap(line) {
		return append(line, key)
	}
	const least = 64
	bigger := make([]byte, len(line), 2*len(line)+least)
	copy(bigger, line)
	clear(line)
	return append(bigger, key)
}
