package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"

	"github.com/redim-tools/redim/pkg/secret"
)

const (
	keyPrefix = "redim-key-1:"
	keyHint   = "a key is 32 random bytes in base64; make one with: head -c 32 /dev/urandom | base64"
)

// text is the key as a line of a key file.
func (k Key) text() (line []byte) {
	_ = k.root.Reveal(func(b []byte) error {
		line = append([]byte(keyPrefix), base64.StdEncoding.EncodeToString(b)...)
		return nil
	})
	return append(line, '\n')
}

// parseKey reads a key file: a line of ours, or 32 bytes as base64, as hex, or
// as they are. Text that merely has 32 letters is a pass phrase, not a key.
func parseKey(data []byte) (Key, bool) {
	if len(data) == KeySize && !isText(data) {
		return newKey(secret.New(bytes.Clone(data))), true
	}
	line := strings.TrimPrefix(strings.TrimSpace(string(data)), keyPrefix)
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if b, err := decode(line); err == nil && len(b) == KeySize {
			return newKey(secret.New(b)), true
		}
	}
	return Key{}, false
}

func isText(b []byte) bool {
	return !bytes.ContainsFunc(b, func(r rune) bool { return r > '~' || r < ' ' && !unicode.IsSpace(r) })
}
