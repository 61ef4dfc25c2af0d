package redim

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

const (
	enough  = 0.45 // of the words in common
	maxLike = 3
)

// likest finds the names that have most words in common with name, the likest
// first. Reserved ones are none of them.
func likest(name string, names, reserved []string) []string {
	type scored struct {
		name  string
		score float64
	}
	var all []scored
	for _, other := range names {
		taken := slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, other) })
		if score := likeness(words(name), words(other)); score >= enough && !taken {
			all = append(all, scored{other, score})
		}
	}
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.name, b.name))
	})
	var out []string
	for _, s := range all[:min(len(all), maxLike)] {
		out = append(out, s.name)
	}
	return out
}

// likeness is how many of all the words are in both.
func likeness(a, b []string) float64 {
	common := 0
	for _, w := range a {
		if slices.Contains(b, w) {
			common++
		}
	}
	return float64(common) / float64(max(1, len(a)+len(b)-common))
}

// words takes a name apart where a capital follows, and at anything that is
// neither letter nor digit.
func words(name string) []string {
	var out []string
	begin := true
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			begin = true
			continue
		case begin || unicode.IsUpper(r):
			out = append(out, "")
		}
		out[len(out)-1] += string(unicode.ToLower(r))
		begin = false
	}
	slices.Sort(out)
	return slices.Compact(out)
}
