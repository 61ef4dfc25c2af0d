package dialect

import (
	"strconv"
	"strings"
)

// The data files are written in a small part of YAML: mappings by indentation
// or in braces, and plain or empty quoted scalars. Reading just that costs a
// process a hundredth of what a whole YAML reader does. A test holds it
// against one.

// parseData reads a mapping.
func parseData(text string) map[string]any {
	r := &dataReader{}
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if trimmed != "" && trimmed[0] != '#' {
			r.lines = append(r.lines, dataLine{indent: strings.Index(line, trimmed), text: trimmed})
		}
	}
	return r.mapping(0)
}

type dataLine struct {
	indent int
	text   string
}

type dataReader struct{ lines []dataLine }

// mapping reads the lines that are indented at least so far.
func (r *dataReader) mapping(indent int) map[string]any {
	m := map[string]any{}
	for len(r.lines) > 0 && r.lines[0].indent >= indent {
		line := r.lines[0]
		r.lines = r.lines[1:]
		key, value, _ := strings.Cut(line.text, ":")
		switch value = strings.TrimSpace(value); {
		case value == "":
			m[key] = r.mapping(line.indent + 1)
		case value[0] == '{':
			m[key], _ = flow(value)
		default:
			m[key] = scalar(value)
		}
	}
	return m
}

// flow reads a mapping in braces, and returns what follows it.
func flow(text string) (m map[string]any, rest string) {
	m, rest = map[string]any{}, strings.TrimSpace(text[1:])
	for rest != "" && rest[0] != '}' {
		var key, value string
		key, rest, _ = strings.Cut(rest, ":")
		if rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "{") {
			m[key], rest = flow(rest)
		} else {
			end := strings.IndexAny(rest+"}", ",}")
			value, rest = rest[:end], rest[end:]
			m[key] = scalar(strings.TrimSpace(value))
		}
		rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest), ","))
	}
	return m, strings.TrimPrefix(rest, "}")
}

func scalar(text string) any {
	switch text {
	case "true":
		return true
	case "false":
		return false
	case `""`:
		return ""
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return text
}
