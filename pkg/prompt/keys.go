package prompt

import (
	"strings"
	"time"

	"github.com/AlecAivazis/survey/v2/terminal"
)

// keys hands the keys of a terminal on, one per Read, so that nothing typed
// ahead is swallowed by a reader that buffers. It keeps back the sequences
// that would be taken for typed text or for errors, such as those of Alt and
// Ctrl with an arrow.
type keys struct{ terminal.FileReader }

const (
	escape = 0x1b
	// aKey is how long the rest of a key's sequence may take to come.
	aKey = 50 * time.Millisecond
)

// Read reads one byte, or one whole sequence.
func (k keys) Read(p []byte) (int, error) {
	for {
		key, err := k.next()
		if err != nil || known(key) {
			return copy(p, key), err
		}
	}
}

// next reads a byte, and after an escape what belongs to it.
func (k keys) next() ([]byte, error) {
	var key []byte
	one := make([]byte, 1)
	for {
		n, err := k.FileReader.Read(one)
		key = append(key, one[:n]...)
		if err != nil || complete(key) || !inputWithin(k.Fd(), aKey) {
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

// known reports whether there is a meaning to key.
func known(key []byte) bool {
	if len(key) == 0 || key[0] != escape {
		return true
	}
	if len(key) == 3 && strings.IndexByte("[O", key[1]) >= 0 {
		return strings.IndexByte("ABCDFH", key[2]) >= 0
	}
	return string(key) == "\x1b[3~"
}
