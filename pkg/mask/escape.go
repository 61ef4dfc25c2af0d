package mask

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// only is the class of one byte.
func only(b byte) class { return class([]byte{b}) }

// literal is a text in which each byte stands for itself.
func literal(text string) []class {
	classes := make([]class, len(text))
	for i := range len(text) {
		classes[i] = only(text[i])
	}
	return classes
}

// either is a text in which letters may have either case.
func either(text string) []class {
	classes := make([]class, len(text))
	for i := range len(text) {
		lower, upper := strings.ToLower(text[i:i+1]), strings.ToUpper(text[i:i+1])
		classes[i] = class(lower)
		if upper != lower {
			classes[i] += class(upper)
		}
	}
	return classes
}

// hexDigits is a number with at least so many digits.
func hexDigits(n uint64, least int) []class { return either(fmt.Sprintf("%0*x", least, n)) }

// escaped is a text of which each character may be written in any of the ways
// that URLs, JSON, XML, C, Go, Python and shells know, or as it is.
func escaped(text []byte) form {
	units := make([][]step, len(text))
	var bytes [256][]step
	runes := map[rune][]step{}
	for i := range text {
		if bytes[text[i]] == nil {
			bytes[text[i]] = waysOfByte(text[i])
		}
		units[i] = bytes[text[i]]
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size <= 1 || !utf8.RuneStart(text[i]) {
			continue
		}
		if runes[r] == nil {
			runes[r] = waysOfRune(r, size)
		}
		units[i] = append(slices.Clip(units[i]), runes[r]...)
	}
	return form{units: units}
}

// waysOfByte are the ways to write one byte, whatever it is a part of.
func waysOfByte(b byte) []step {
	ways := [][]class{
		{only(b)},
		append(literal("%"), hexDigits(uint64(b), 2)...),
		append(literal(`\x`), hexDigits(uint64(b), 2)...),
		literal(fmt.Sprintf(`\%03o`, b)),
	}
	if b < utf8.RuneSelf {
		for _, text := range shorthands(b) {
			ways = append(ways, literal(text))
		}
	}
	steps := make([]step, len(ways))
	for i, way := range ways {
		steps[i] = step{classes: way, units: 1}
	}
	return steps
}

// shorthands are what some syntax has for an ASCII character alone.
func shorthands(b byte) []string {
	special := map[byte][]string{
		'\a': {`\a`}, '\b': {`\b`}, '\f': {`\f`}, '\t': {`\t`}, '\v': {`\v`}, '\r': {`\r`}, 0x1b: {`\e`}, 0: {`\0`},
		'\n': {`\n`, "\r\n", `\r\n`}, // a terminal and some protocols end lines with both
		' ':  {"+"},
		'"':  {`""`, "&quot;", "`\""},
		'\'': {`'\''`, `'"'"'`, "''", "&apos;"},
		'<':  {"&lt;"}, '>': {"&gt;"}, '&': {"&amp;"},
		'$': {"`$", "$$"}, '`': {"``"}, '%': {"%%"},
	}
	texts := special[b]
	letter := b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
	if b >= ' ' && b < 0x7f && !letter {
		texts = append(texts, `\`+string(rune(b)))
	}
	return texts
}

// waysOfRune are the ways to write one character by its number.
func waysOfRune(r rune, size int) []step {
	n := uint64(r)
	ways := [][]class{append(literal(`\U`), hexDigits(n, 8)...)}
	if r < 0x10000 {
		ways = append(ways, append(literal(`\u`), hexDigits(n, 4)...))
	} else {
		high, low := utf16.EncodeRune(r)
		pair := append(literal(`\u`), hexDigits(uint64(high), 4)...)
		ways = append(ways, append(append(pair, literal(`\u`)...), hexDigits(uint64(low), 4)...))
	}
	ways = append(ways, append(append(literal(`\u{`), hexDigits(n, 1)...), "}"))
	decimal, digits := fmt.Sprint(n), hexDigits(n, 1)
	for range 4 { // with so many zeros before it
		ways = append(ways, literal("&#"+decimal+";"), append(append([]class{"&", "#", "xX"}, digits...), ";"))
		decimal, digits = "0"+decimal, append([]class{"0"}, digits...)
	}
	steps := make([]step, len(ways))
	for i, way := range ways {
		steps[i] = step{classes: way, units: size}
	}
	return steps
}
