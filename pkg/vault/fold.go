package vault

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form of a name in which neither case matters nor whether an
// accent is written with its letter or after it: two names that differ in that
// only have the same. Stores keep it beside the name.
func Fold(name string) string {
	folded := strings.Map(foldRune, norm.NFC.String(name))
	return norm.NFC.String(folded) // a small letter may compose where its capital does not
}

// foldRune is the first of all runes that differ from r in case only, in lower
// case where that is one of them.
func foldRune(r rune) rune {
	if r < 0x80 {
		return unicode.ToLower(r)
	}
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return unicode.ToLower(least)
}
