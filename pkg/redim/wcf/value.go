package wcf

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/secret"
)

// Text reads a string, or a number or boolean as its digits or word. Null,
// objects and arrays are none.
func Text(value []byte) (string, bool) {
	switch {
	case IsNull(value) || IsObject(value) || IsArray(value):
		return "", false
	case value[0] != '"':
		return string(value), true
	}
	return validText(unquote(nil, value)), true
}

// validText puts U+FFFD for each byte that is part of no character, as
// encoding/json does.
func validText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}

// Secret reads a string into bytes of its own, which can be wiped. An empty
// string is an empty secret; anything but a string is none.
func Secret(value []byte) (secret.Value, bool) {
	if len(value) < 2 || value[0] != '"' {
		return secret.Value{}, false
	}
	// Unquoting never makes a string longer, so the bytes are not moved.
	return secret.New(unquote(make([]byte, 0, len(value)), value)), true
}

// Number reads an integer that may be written as a string or with zeros after
// the point.
func Number(value []byte) (int64, bool) {
	text, ok := Text(value)
	if !ok {
		return 0, false
	}
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// Bool reads true and false, also as strings, and 1 and 0.
func Bool(value []byte) (b, ok bool) {
	text, ok := Text(value)
	switch strings.ToLower(text) {
	case "true", "1":
		return true, ok
	case "false", "0":
		return false, ok
	}
	return false, false
}

// unquote appends the bytes that a JSON string stands for.
func unquote(dst, quoted []byte) []byte {
	s := bytes.TrimSuffix(quoted[min(1, len(quoted)):], []byte(`"`))
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 || i+1 >= len(s) {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		dst, s = unescape(dst, s[i+1:])
	}
}

// unescape handles what follows a backslash.
func unescape(dst, s []byte) (out, rest []byte) {
	const from, to = `bfnrt`, "\b\f\n\r\t"
	if i := strings.IndexByte(from, s[0]); i >= 0 {
		return append(dst, to[i]), s[1:]
	}
	if s[0] != 'u' {
		return append(dst, s[0]), s[1:]
	}
	r, s := hex4(s[1:])
	if utf16.IsSurrogate(r) {
		r, s = secondHalf(r, s)
	}
	return utf8.AppendRune(dst, r), s
}

// secondHalf joins the two halves of an escaped surrogate pair. A half that
// stands alone becomes the replacement character.
func secondHalf(first rune, s []byte) (rune, []byte) {
	if len(s) >= 6 && s[0] == '\\' && s[1] == 'u' {
		second, rest := hex4(s[2:])
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, rest
		}
	}
	return utf8.RuneError, s
}

func hex4(s []byte) (rune, []byte) {
	if len(s) < 4 {
		return utf8.RuneError, nil
	}
	n, err := strconv.ParseUint(string(s[:4]), 16, 16)
	if err != nil {
		return utf8.RuneError, s[4:]
	}
	return rune(n), s[4:]
}

// AppendString appends s as a JSON string. Bytes that are no UTF-8 become the
// replacement character. The result is never longer than 6 bytes for each of
// s, and 2; a dst with that much room is not moved.
func AppendString[T string | []byte](dst []byte, s T) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
			i++
		case c < 0x20 || c == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
			i++
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, size := decodeRune(s[i:min(len(s), i+utf8.UTFMax)])
			dst = utf8.AppendRune(dst, r)
			i += size
		}
	}
	return append(dst, '"')
}

func decodeRune[T string | []byte](s T) (rune, int) {
	var b [utf8.UTFMax]byte
	return utf8.DecodeRune(b[:copy(b[:], s)])
}
