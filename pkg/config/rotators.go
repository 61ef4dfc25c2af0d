package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/secret"
)

// assignRotators takes every entry that is right and reports the others.
func assignRotators(field *map[string]secret.Source, k Key, v value) []Problem {
	var out []Problem
	rotators := map[string]secret.Source{}
	for _, e := range v.entries {
		name := foldName(e.name)
		src, err := secret.ParseSource(e.text)
		switch {
		case CheckProfile(name) != nil || name == "none":
			out = append(out, problem(k.Name, e.origin, "%q is not a name for a rotator", e.name).hint("use 1 to 64 letters, digits, dots, dashes and underscores, and not none"))
		case err != nil || src.Kind != secret.KindCommand:
			out = append(out, problem(k.Name, e.origin, "rotator %s is no command", name).hint("write it like %s: cmd:/etc/redim/rotate-unix --now", name))
		default:
			rotators[name] = src
		}
	}
	*field = rotators
	return out
}

// showRotators shows of each command what a source shows.
func showRotators(rotators map[string]secret.Source) (string, any) {
	m := map[string]string{}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(rotators)) {
		m[name] = rotators[name].String()
		pairs = append(pairs, name+"="+m[name])
	}
	return strings.Join(pairs, ","), m
}
