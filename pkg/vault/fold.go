package vault

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form of a name in which neither case matters nor whether an
// accent is written with its letter or after it: two names that differ in that
// only have the same. Stores keep it beside the name.
func Fold(name string) string {
	if isASCII(name) {
		return strings.ToLower(name) // the name itself when it has no capital
	}
	return foldAny(name)
}

// foldAny folds a name of any characters.
func foldAny(name string) string {
	folded := strings.Map(foldRune, norm.NFC.String(name))
	return norm.NFC.String(folded) // a small letter may compose where its capital does not
}

func isASCII(text string) bool {
	for n := range len(text) {
		if text[n] >= utf8.RuneSelf {
			return false
		}
	}
	return true
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
