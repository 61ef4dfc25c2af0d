package mask

import (
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// A class is the bytes that may stand at one place.
type class string

// A step is one way to write the next units of a secret.
type step struct {
	classes []class
	units   int  // how many it writes
	apart   bool // it begins with what is between it and the unit before
}

// A form is a secret in one family of encodings: for each unit of it, the ways
// to go on from there. Its end is reached when no unit is left. What is found may
// begin with any of the first units up to late: those before may stand at the end
// of a line, and if they were waited for there, the ends of many lines would be
// held back.
type form struct {
	units [][]step
	late  int
}

// starts are the steps that what is found may begin with at a unit.
func (f form) starts(unit int) []step {
	return slices.DeleteFunc(slices.Clone(f.units[unit]), func(s step) bool { return s.apart })
}

// unlessShort has a short form begin at its beginning only: what would be left of
// it may stand in any text.
func (f form) unlessShort() form {
	const short = 12
	if f.shortest() < short {
		f.late = 0
	}
	return f
}

// forms are all the ways in which a secret is looked for.
func forms(secret []byte) []form {
	all := []form{escaped(secret), hexadecimal(secret)}
	all = append(all, radix64(secret)...)
	if !utf8.Valid(secret) {
		return all
	}
	for _, bigEnd := range []bool{false, true} {
		wide := utf16Bytes(secret, bigEnd)
		all = append(all, plain(wide))
		all = append(all, radix64(wide)...)
		clear(wide)
	}
	return all
}

// plain is a text as it is.
func plain(text []byte) form {
	units := make([][]step, len(text))
	for i, b := range text {
		units[i] = []step{{classes: []class{only(b)}, units: 1}}
	}
	return form{units: units}
}

// hexadecimal is two digits a byte, in either case, with nothing or one
// separator between the bytes, or a line end after the first few.
func hexadecimal(text []byte) form {
	const late = 1
	f := form{units: make([][]step, len(text)), late: late}
	var known [256][]step
	for i, b := range text {
		digits := hexDigits(uint64(b), 2)
		switch {
		case i == 0:
			f.units[i] = []step{{classes: digits, units: 1}}
			continue
		case i <= late:
			f.units[i] = between(digits, separators()...)
			continue
		case known[b] == nil:
			known[b] = between(digits, append(separators(), "\n", "\r\n", "\n ")...)
		}
		f.units[i] = known[b]
	}
	return f.unlessShort()
}

func separators() []string { return []string{" ", ":", "-", ", ", " 0x", ", 0x", ",0x"} }

// between are the steps that write one unit, alone or after a separator.
func between(unit []class, separators ...string) []step {
	steps := []step{{classes: unit, units: 1}}
	for _, s := range separators {
		steps = append(steps, step{classes: append(literal(s), unit...), units: 1, apart: true})
	}
	return steps
}

// radix64 is base64, in either alphabet, when the text begins at the first,
// second or third byte of a group of three. It covers the characters that hold
// bits of the text, so that the outer ones may be one of several; but for a first
// one that holds two, since a quarter of all characters would have to be held
// back for it.
func radix64(text []byte) []form {
	const late = 2
	all := make([]form, 0, 3)
	cache := map[class][]step{}
	for offset := range 3 {
		low, high := frame(text, offset, 0x00), frame(text, offset, 0xff)
		first := (offset*8 + 2) / 6
		end := ((offset+len(text))*8 + 5) / 6
		f := form{units: make([][]step, 0, end-first), late: late}
		for i := first; i < end; i++ {
			f.units = append(f.units, sextet(cache, low[i], high[i]^low[i], i <= first+late))
		}
		all = append(all, f.unlessShort())
		clear(low)
		clear(high)
	}
	return all
}

// frame is the text as numbers of six bits each, with filler around it.
func frame(text []byte, offset int, filler byte) []byte {
	padded := make([]byte, 0, offset+len(text)+3)
	for range offset {
		padded = append(padded, filler)
	}
	padded = append(padded, text...)
	for len(padded)%3 != 0 {
		padded = append(padded, filler)
	}
	out := make([]byte, 0, len(padded)/3*4)
	for i := 0; i < len(padded); i += 3 {
		group := uint32(padded[i])<<16 | uint32(padded[i+1])<<8 | uint32(padded[i+2])
		out = append(out, byte(group>>18&63), byte(group>>12&63), byte(group>>6&63), byte(group&63))
	}
	clear(padded)
	return out
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// sextet are the ways to write a number of six bits, of which those in free may
// be anything; after a line end unless it comes early.
func sextet(cache map[class][]step, bits, free byte, early bool) []step {
	var letters class
	for n := range byte(64) {
		if n&^free == bits&^free {
			letters += class(alphabet[n])
		}
	}
	key := letters
	if early {
		key += "^"
	}
	if steps, ok := cache[key]; ok {
		return steps
	}
	ways := [][]class{{letters}}
	for _, letter := range letters {
		switch letter {
		case '+':
			ways = append(ways, []class{"-"}, append(literal("%2"), "bB"))
		case '/':
			ways = append(ways, []class{"_"}, append(literal("%2"), "fF"), literal(`\/`))
		}
	}
	var steps []step
	for _, way := range ways {
		if early {
			steps = append(steps, step{classes: way, units: 1})
			continue
		}
		steps = append(steps, between(way, "\n", "\r\n", `\n`)...)
	}
	cache[key] = steps
	return steps
}

// utf16Bytes is a valid text in UTF-16.
func utf16Bytes(text []byte, bigEnd bool) []byte {
	var out []byte
	for _, r := range string(text) {
		for _, unit := range utf16.AppendRune(nil, r) {
			if bigEnd {
				out = append(out, byte(unit>>8), byte(unit))
			} else {
				out = append(out, byte(unit), byte(unit>>8))
			}
		}
	}
	return out
}
