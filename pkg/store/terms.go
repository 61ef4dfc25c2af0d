package store

import (
	"encoding/hex"
	"strings"

	"github.com/redim-tools/redim/pkg/vault"
)

// SQLite finds integrations by terms, which are letters and digits only: all
// parts of the name of one to three characters, all beginnings of the words of
// the description, and what the record is. Each search is a few terms that all
// have to be there, so the index answers it in the order of the rows, and needs
// to gather nothing first.
const (
	gramTerm = "g" // a part of the name
	wordTerm = "w" // the beginning of a word
	flagTerm = "x" // active or not, the way to sign in
)

// How long what stands in a term is, in characters, at most.
const (
	gramSize    = 3
	longestWord = 32
)

// termsOf are the terms of an integration.
func termsOf(i vault.Integration) ([]string, error) {
	words, err := vault.ParseWords(i.Description)
	if err != nil {
		return nil, err
	}
	all := distinct{}
	key := []rune(vault.Fold(i.Name))
	for size := 1; size <= gramSize; size++ {
		all.grams(key, size)
	}
	for _, word := range words {
		begun := []rune(word)
		for n := 1; n <= min(len(begun), longestWord); n++ {
			all.add(wordTerm, string(begun[:n]))
		}
	}
	return append(all.terms, flagTerms(activeText(i.Active), string(i.Auth))...), nil
}

// flagTerms are those of each flag, and of both together.
func flagTerms(active, auth string) []string {
	var flags distinct
	flags.add(flagTerm, active)
	flags.add(flagTerm, auth)
	return append(flags.terms, flags.terms[0]+flags.terms[1])
}

func activeText(active bool) string {
	if active {
		return "active"
	}
	return "inactive"
}

// partTerms are the terms that a name has to have to fit.
func partTerms(m vault.Match) []string {
	all := distinct{}
	for _, part := range append([]string{m.Part}, m.Parts...) {
		key := []rune(part)
		all.grams(key, min(len(key), gramSize))
	}
	return all.terms
}

// wordTerms are the terms of a description that holds the words. They tell
// nothing of what is behind the longest beginning.
func wordTerms(words []string) []string {
	all := distinct{}
	for _, word := range words {
		begun := []rune(word)
		all.add(wordTerm, string(begun[:min(len(begun), longestWord)]))
	}
	return all.terms
}

// distinct gathers terms, each once.
type distinct struct {
	terms []string
	seen  map[string]bool
}

func (d *distinct) add(kind, text string) {
	term := kind + hex.EncodeToString([]byte(text))
	if d.seen == nil {
		d.seen = map[string]bool{}
	}
	if !d.seen[term] {
		d.seen[term] = true
		d.terms = append(d.terms, term)
	}
}

// grams adds all parts of a size.
func (d *distinct) grams(key []rune, size int) {
	for n := 0; size > 0 && n+size <= len(key); n++ {
		d.add(gramTerm, string(key[n:n+size]))
	}
}

// allOf is what the index is asked for.
func allOf(terms []string) string { return strings.Join(terms, " AND ") }
