package term

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Safe makes s fit to be shown on a terminal as part of one line: what would
// move the cursor, colour, hide, reorder or break the line is written as a
// visible escape such as \x1b or \u202e. All else stays as it is.
func Safe(s string) string { return escape(s, false) }

// SafeLines is Safe for a text of several lines: line feeds stay.
func SafeLines(s string) string { return escape(s, true) }

// Unsafe reports whether r is one of the characters that Safe escapes: a
// control or format character, a line or paragraph separator. The two joiners
// that Persian, Indic scripts and emoji need are not among them.
func Unsafe(r rune) bool {
	const nonJoiner, joiner = 0x200C, 0x200D
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7F
	}
	if r == nonJoiner || r == joiner {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func escape(s string, lines bool) string {
	keep := func(r rune, size int) bool {
		if r == utf8.RuneError && size == 1 {
			return false
		}
		return !Unsafe(r) || lines && r == '\n'
	}
	i := firstUnsafe(s, keep)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:i])
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if keep(r, size) {
			b.WriteString(s[i : i+size])
		} else {
			writeEscape(&b, s[i:i+size], r)
		}
		i += size
	}
	return b.String()
}

func firstUnsafe(s string, keep func(rune, int) bool) int {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !keep(r, size) {
			return i
		}
		i += size
	}
	return len(s)
}

func writeEscape(b *strings.Builder, raw string, r rune) {
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case len(raw) == 1:
		fmt.Fprintf(b, `\x%02x`, raw[0])
	case r > 0xFFFF:
		fmt.Fprintf(b, `\U%08x`, r)
	default:
		fmt.Fprintf(b, `\u%04x`, r)
	}
}
