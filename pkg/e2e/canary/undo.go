package canary

import (
	"bytes"
	"strconv"
)

// form is an encoding that may cover any part of the marker, so that it has to
// be undone. What does not decode stays as it is.
type form struct {
	encoding string
	undo     func([]byte) []byte
}

func forms() []form {
	return []form{
		{"plain", func(b []byte) []byte { return b }},
		{"URL", func(b []byte) []byte { return replace(b, '%', percent) }},
		{"JSON", func(b []byte) []byte { return replace(b, '\\', unicodeEscape) }},
		{"XML", func(b []byte) []byte { return replace(b, '&', characterReference) }},
	}
}

// replace lets decode try each place where lead stands; decode returns what
// stands for how many bytes, or 0 when it is nothing.
func replace(b []byte, lead byte, decode func([]byte) (rune, int)) []byte {
	if bytes.IndexByte(b, lead) < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		if b[i] == lead {
			if r, n := decode(b[i:]); n > 0 {
				out = append(out, string(r)...)
				i += n
				continue
			}
		}
		out = append(out, b[i])
		i++
	}
	return bytes.ToLower(out)
}

func percent(b []byte) (rune, int) { return number(b, 1, 3, 16) }

// unicodeEscape is \u0041, \x41 or \U00000041, in any case.
func unicodeEscape(b []byte) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case 'x':
		return number(b, 2, 4, 16)
	case 'u':
		if r, n := number(b, 2, 10, 16); n > 0 && r < 0x80 {
			return r, n
		}
		return number(b, 2, 6, 16)
	}
	return 0, 0
}

// characterReference is &#65; or &#x41;.
func characterReference(b []byte) (rune, int) {
	end := bytes.IndexByte(b[:min(len(b), 12)], ';')
	if end < 3 || b[1] != '#' {
		return 0, 0
	}
	if b[2] == 'x' {
		r, n := number(b, 3, end, 16)
		return r, n + min(n, 1)
	}
	r, n := number(b, 2, end, 10)
	return r, n + min(n, 1)
}

// number reads b[from:to] and returns it with to, or zeros.
func number(b []byte, from, to, base int) (rune, int) {
	if to > len(b) || from >= to {
		return 0, 0
	}
	n, err := strconv.ParseUint(string(b[from:to]), base, 31)
	if err != nil {
		return 0, 0
	}
	return rune(n), to
}
