package config

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// text is a file as lines, each with its line end, so that a change leaves
// every other byte as it is.
type text struct {
	lines []string
	eol   string
	step  int // blanks of one indentation
}

func newText(data []byte, root *yaml.Node) *text {
	t := &text{lines: strings.SplitAfter(string(data), "\n"), eol: "\n", step: 2}
	if last := len(t.lines) - 1; t.lines[last] == "" {
		t.lines = t.lines[:last]
	}
	if len(t.lines) > 0 && strings.HasSuffix(t.lines[0], "\r\n") {
		t.eol = "\r\n"
	}
	if p := descend(root, "profiles"); p != nil && len(p.Content) > 0 && p.Content[0].Column > 1 && p.Content[0].Column < 10 {
		t.step = p.Content[0].Column - 1
	}
	return t
}

// countable reports whether lines end as we split them. YAML knows other line
// ends too: a carriage return alone, and three characters of Unicode.
func countable(data []byte) bool {
	return bytes.Count(data, []byte("\r")) == bytes.Count(data, []byte("\r\n")) && !bytes.ContainsAny(data, "\u0085\u2028\u2029")
}

func (t *text) bytes() []byte { return []byte(strings.Join(t.lines, "")) }

// put sets the value at path. It reports false when the lines can't be changed
// one by one, and may then have changed some.
func (t *text) put(m *yaml.Node, path []string, val *yaml.Node) bool {
	if m == nil {
		return t.insert(len(t.lines), t.render(0, path, val))
	}
	i, found := pairOf(m, path[0])
	switch {
	case m.Kind != yaml.MappingNode:
		return false
	case !found:
		return t.appendTo(m, path, val)
	case len(path) == 1:
		return t.replace(m, m.Content[i], m.Content[i+1], val)
	case m.Content[i+1].Value == "" && isNull(m.Content[i+1]):
		key := m.Content[i]
		return m.Style&yaml.FlowStyle == 0 && t.insert(key.Line, t.render(key.Column-1+t.step, path[1:], val))
	}
	return t.put(m.Content[i+1], path[1:], val)
}

// appendTo adds a pair behind the last one of a mapping.
func (t *text) appendTo(m *yaml.Node, path []string, val *yaml.Node) bool {
	if m.Style&yaml.FlowStyle != 0 || len(m.Content) == 0 {
		return false
	}
	key := m.Content[len(m.Content)-2]
	return t.insert(t.end(key), t.render(m.Content[0].Column-1, path, val))
}

// merge changes the entries of a map that are there, each in its line, and
// adds the others behind them.
func (t *text) merge(k Key, m *yaml.Node, entries []entry) bool {
	if m.Style&yaml.FlowStyle != 0 {
		return false
	}
	var added []string
	for _, e := range entries {
		i, found := pairOf(m, spelling(k, m, e.name))
		if !found {
			added = append(added, t.render(m.Content[0].Column-1, []string{e.name}, entryNode(k, e))...)
			continue
		}
		if !t.replaceInLine(m.Content[i], m.Content[i+1], entryNode(k, e)) {
			return false
		}
	}
	return t.insert(t.end(m.Content[len(m.Content)-2]), added)
}

// drop removes what is at path, with the mapping around it when nothing else
// is in that, but never one of the first keep names.
func (t *text) drop(m *yaml.Node, path []string, keep int) bool {
	i, found := pairOf(m, path[0])
	if !found || m.Style&yaml.FlowStyle != 0 {
		return false
	}
	child := m.Content[i+1]
	if len(path) > 1 && (keep > 0 || len(child.Content) > 2) {
		return t.drop(child, path[1:], keep-1)
	}
	key := m.Content[i]
	t.lines = append(t.lines[:key.Line-1:key.Line-1], t.lines[t.end(key):]...)
	return true
}

// replace changes the value of a pair: inside its line if it is a single word
// there, else all lines of the pair.
func (t *text) replace(m, key, old, val *yaml.Node) bool {
	if val.Kind == yaml.ScalarNode && old.Kind == yaml.ScalarNode && t.replaceInLine(key, old, val) {
		return true
	}
	if m.Style&yaml.FlowStyle != 0 {
		return false
	}
	rest := t.lines[t.end(key):]
	t.lines = append(t.lines[:key.Line-1:key.Line-1], t.render(key.Column-1, []string{key.Value}, val)...)
	t.lines = append(t.lines, rest...)
	return true
}

func (t *text) replaceInLine(key, old, val *yaml.Node) bool {
	if old.Value == "" && isNull(old) {
		_, end, ok := t.token(key)
		line := t.lines[key.Line-1]
		if !ok || !strings.HasPrefix(line[end:], ":") {
			return false
		}
		t.lines[key.Line-1] = line[:end+1] + " " + scalar(val) + line[end+1:]
		return true
	}
	start, end, ok := t.token(old)
	if ok {
		line := t.lines[old.Line-1]
		t.lines[old.Line-1] = line[:start] + scalar(val) + line[end:]
	}
	return ok
}

// token finds the bytes of a scalar in its line; false if it has several lines.
func (t *text) token(n *yaml.Node) (start, end int, ok bool) {
	if n.Line < 1 || n.Line > len(t.lines) {
		return 0, 0, false
	}
	line := t.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(line[start:])
		start += size
	}
	rest, length := line[start:], -1
	switch n.Style {
	case yaml.DoubleQuotedStyle:
		length = closing(rest, '"', '\\')
	case yaml.SingleQuotedStyle:
		length = closing(rest, '\'', '\'')
	case 0:
		if strings.HasPrefix(rest, n.Value) {
			length = len(n.Value)
		}
	}
	return start, start + length, length > 0
}

// closing is the length of a quoted text, or -1 when it goes on in another line.
func closing(text string, quote, escape byte) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == escape && i+1 < len(text) && (escape != quote || text[i+1] == quote):
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return -1
}

// end is the number of the last line of a pair in a block mapping; blank lines
// and comments behind it are not counted.
func (t *text) end(key *yaml.Node) int {
	last := key.Line
	for i := key.Line; i < len(t.lines); i++ {
		body := strings.TrimSpace(t.lines[i])
		if body == "" || body[0] == '#' {
			continue
		}
		if indentOf(t.lines[i]) < key.Column {
			break
		}
		last = i + 1
	}
	return last
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// insert puts lines behind the first n.
func (t *text) insert(n int, lines []string) bool {
	if n > 0 && !strings.HasSuffix(t.lines[n-1], "\n") {
		t.lines[n-1] += t.eol
	}
	rest := t.lines[n:]
	t.lines = append(append(t.lines[:n:n], lines...), rest...)
	return true
}

// render writes a value below the names that lead to it.
func (t *text) render(indent int, path []string, val *yaml.Node) []string {
	start := strings.Repeat(" ", indent) + scalar(stringNode(path[0])) + ":"
	if len(path) > 1 {
		return append([]string{start + t.eol}, t.render(indent+t.step, path[1:], val)...)
	}
	if val.Kind == yaml.ScalarNode {
		return []string{start + " " + scalar(val) + t.eol}
	}
	if val.Kind != yaml.MappingNode || len(val.Content) == 0 {
		return []string{start + " " + flow(val) + t.eol}
	}
	out := []string{start + t.eol}
	for i := 0; i+1 < len(val.Content); i += 2 {
		out = append(out, t.render(indent+t.step, []string{val.Content[i].Value}, val.Content[i+1])...)
	}
	return out
}

// scalar is a single value as it stands in a line, quoted where it must be.
func scalar(n *yaml.Node) string {
	out, err := yaml.Marshal(&yaml.Node{Kind: yaml.ScalarNode, Tag: n.Tag, Value: n.Value, Style: n.Style & (yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle)})
	if err != nil {
		return "''"
	}
	return strings.TrimSuffix(string(out), "\n")
}

// flow is a value in one line.
func flow(n *yaml.Node) string {
	one := *n
	one.Style = yaml.FlowStyle
	out, err := yaml.Marshal(&one)
	if err != nil {
		return "{}"
	}
	return strings.TrimSuffix(string(out), "\n")
}
