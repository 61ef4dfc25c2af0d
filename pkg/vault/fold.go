package vault

import (
	"strings"
	"unicode"
)

// Fold is the form of a name in which case does not matter: two names that
// differ in case only have the same. Stores keep it beside the name.
func Fold(name string) string { return strings.Map(foldRune, name) }

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
