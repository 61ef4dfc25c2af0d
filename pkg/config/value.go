package config

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// value is one setting as a layer gave it, before it is understood.
type value struct {
	text    string
	entries []entry    // of a map
	tree    *yaml.Node // of a tree
	origin  Origin
}

// entry is one line of a map, with an origin of its own.
type entry struct {
	name, text string
	origin     Origin
}

func (v value) entry(k Key, name string) (entry, bool) {
	for _, e := range v.entries {
		if sameEntry(k, e.name, name) {
			return e, true
		}
	}
	return entry{}, false
}

// with is v with the entry added, or put in the place of one of that name.
func (v value) with(k Key, e entry) value {
	entries := make([]entry, 0, len(v.entries)+1)
	for _, old := range v.entries {
		if !sameEntry(k, old.name, e.name) {
			entries = append(entries, old)
		}
	}
	return value{entries: append(entries, e), origin: e.origin}
}

// foldName is an entry's name in one spelling.
func foldName(name string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
}

// fromText makes the value that a flag or a variable holds. Maps are written
// NAME=VALUE, separated by commas or newlines; trees as YAML or JSON.
func fromText(k Key, text string, at Origin) (value, []Problem) {
	v := value{text: text, origin: at}
	switch {
	case k.IsMap():
		return v.split(k)
	case k.Type == TypeTree:
		return v.parseTree(k)
	}
	return v, nil
}

func (v value) split(k Key) (value, []Problem) {
	var bad []Problem
	for _, part := range strings.FieldsFunc(v.text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		if strings.TrimSpace(part) == "" {
			continue
		}
		name, text, ok := strings.Cut(part, "=")
		if !ok {
			bad = append(bad, problem(k.Name, v.origin, "%q has no =", part).hint("write it like %s", k.Example))
		}
		v.entries = append(v.entries, entry{name: strings.TrimSpace(name), text: strings.TrimSpace(text), origin: v.origin})
	}
	if len(bad) > 0 {
		v.entries = nil
	}
	return v, bad
}

func (v value) parseTree(k Key) (value, []Problem) {
	if strings.TrimSpace(v.text) == "" {
		return v, nil
	}
	node, p := parseYAML([]byte(v.text), v.origin)
	if p == nil && (node == nil || node.Kind != yaml.MappingNode) {
		wrong := problem(k.Name, v.origin, "this is not a map").hint("write it like %s", k.Example)
		p = &wrong
	}
	if p != nil {
		p.Key = k.Name
		return v, []Problem{*p}
	}
	v.tree = node
	return v, nil
}
