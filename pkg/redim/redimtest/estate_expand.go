package redimtest

import (
	"slices"
	"strconv"
	"strings"
)

// origin is an item of the estate after repeats were made, with the index of
// the item it was made from.
type origin[T any] struct {
	item  T
	index int
}

// people lists the identities, repeats made.
func (e *Estate) people() []origin[Identity] {
	var out []origin[Identity]
	for i, id := range e.Identities {
		for n := range copies(id.Repeat) {
			one := id
			one.Name = numbered(id.Name, id.Repeat, n)
			out = append(out, origin[Identity]{one, i})
		}
	}
	return out
}

// machines lists the systems, repeats made.
func (e *Estate) machines() []origin[System] {
	var out []origin[System]
	for i, s := range e.Systems {
		for n := range copies(s.Repeat) {
			one := s
			one.Name = numbered(s.Name, s.Repeat, n)
			one.FQDN = numbered(s.FQDN, s.Repeat, n)
			one.Aliases = slices.Clone(s.Aliases)
			for j := range one.Aliases {
				one.Aliases[j] = numbered(s.Aliases[j], s.Repeat, n)
			}
			out = append(out, origin[System]{one, i})
		}
	}
	return out
}

// copies is how many items an entry becomes: one where repeat is no sense.
func copies(repeat int) int {
	if repeat < 1 || repeat > maxRepeat {
		return 1
	}
	return repeat
}

func numbered(name string, repeat, n int) string {
	if repeat == 0 {
		return name
	}
	return strings.ReplaceAll(name, "{n}", strconv.Itoa(n+1))
}

// matches reports whether a pattern of a grant or mapping names name: the same
// without regard to case, or the same beginning where the pattern ends in *.
func matches(pattern, name string) bool {
	if front, ok := strings.CutSuffix(pattern, "*"); ok {
		return len(name) >= len(front) && strings.EqualFold(name[:len(front)], front)
	}
	return strings.EqualFold(pattern, name)
}

func anyMatches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}
