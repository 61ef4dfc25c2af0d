package canary

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"unicode/utf16"
)

// Marker stands in every test secret and in every secret and token that the
// stand-in server makes.
const Marker = "c4nary"

// Find names the first encoding in which data holds the marker, or returns ""
// when it does not hold it. The case of letters makes no difference where they
// stand for themselves.
func Find(data []byte) string {
	lower := bytes.ToLower(data)
	for _, f := range forms() {
		if bytes.Contains(f.undo(lower), []byte(Marker)) {
			return f.encoding
		}
	}
	if bytes.Contains(lower, []byte(hex.EncodeToString([]byte(Marker)))) {
		return "hex"
	}
	for _, n := range needles() {
		if bytes.Contains(data, n.bytes) {
			return n.encoding
		}
	}
	return ""
}

// needle is the marker in an encoding that can be searched for as it stands.
type needle struct {
	encoding string
	bytes    []byte
}

func needles() []needle {
	little, big := wide(Marker)
	list := []needle{{"UTF-16LE", little}, {"UTF-16BE", big}}
	texts := []needle{{"base64", []byte(Marker)}, {"base64 of UTF-16LE", little}, {"base64 of UTF-16BE", big}}
	for _, text := range texts {
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			for offset := range 3 {
				list = append(list, needle{text.encoding, within(e, text.bytes, offset)})
			}
		}
	}
	return list
}

// within is what of the encoded text does not depend on its neighbours when it
// begins offset bytes, of each three, after the start.
func within(e *base64.Encoding, text []byte, offset int) []byte {
	const bits = 6 // of a character
	padded := append(make([]byte, offset), text...)
	encoded := []byte(e.EncodeToString(padded))
	first := (offset*8 + bits - 1) / bits
	return encoded[first : len(padded)*8/bits]
}

// wide is s in UTF-16, little and big end first.
func wide(s string) (little, big []byte) {
	for _, unit := range utf16.Encode([]rune(s)) {
		little = append(little, byte(unit), byte(unit>>8))
		big = append(big, byte(unit>>8), byte(unit))
	}
	return little, big
}

// Hit is a leak: where, and in which encoding.
type Hit struct {
	Where    string
	Encoding string
}

func sortHits(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Compare(a.Where, b.Where) })
}
