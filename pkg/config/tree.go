package config

import (
	"bytes"
	"slices"

	"go.yaml.in/yaml/v3"
)

// The functions here change a parsed file. What they make is the measure for
// the change in the text, and takes its place where the text can't be changed
// line by line.

// pairOf finds a name in a mapping; i is the index of its key.
func pairOf(m *yaml.Node, name string) (i int, ok bool) {
	if m == nil || m.Kind != yaml.MappingNode {
		return 0, false
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == name {
			return i, true
		}
	}
	return 0, false
}

// descend follows path from a mapping and returns what is there, or nil.
func descend(m *yaml.Node, path ...string) *yaml.Node {
	at := m
	for _, name := range path {
		i, ok := pairOf(at, name)
		if !ok {
			return nil
		}
		at = at.Content[i+1]
	}
	return at
}

// isEmptyNode reports whether there is nothing in it, so that a mapping may
// take its place.
func isEmptyNode(n *yaml.Node) bool {
	return isNull(n) || n.Kind == yaml.MappingNode && len(n.Content) == 0
}

// putNode sets the value at path and makes the mappings that lead there. It
// reports false when something else stands in the way.
func putNode(m *yaml.Node, path []string, val *yaml.Node) bool {
	if m.Kind != yaml.MappingNode {
		if !isEmptyNode(m) {
			return false
		}
		*m = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", HeadComment: m.HeadComment, LineComment: m.LineComment, FootComment: m.FootComment}
	}
	i, ok := pairOf(m, path[0])
	if !ok {
		child := val
		if len(path) > 1 {
			child = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		}
		m.Content = append(m.Content, stringNode(path[0]), child)
		i = len(m.Content) - 2
	}
	if len(path) > 1 {
		return putNode(m.Content[i+1], path[1:], val)
	}
	old := m.Content[i+1]
	val.LineComment, val.FootComment = old.LineComment, old.FootComment
	m.Content[i+1] = val
	return true
}

// dropNode removes what is at path, and the mapping around it when that is
// left empty, but never one of the first keep names of path.
func dropNode(m *yaml.Node, path []string, keep int) bool {
	i, ok := pairOf(m, path[0])
	if !ok {
		return false
	}
	if len(path) > 1 {
		child := m.Content[i+1]
		if !dropNode(child, path[1:], keep-1) {
			return false
		}
		if len(child.Content) > 0 || keep > 0 {
			return true
		}
	}
	m.Content = slices.Delete(m.Content, i, i+2)
	return true
}

func stringNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// sameNode reports whether both mean the same; comments and style don't count.
func sameNode(a, b *yaml.Node) bool {
	switch {
	case a == nil || b == nil:
		return (a == nil || isEmptyNode(a)) && (b == nil || isEmptyNode(b))
	case isEmptyNode(a) || isEmptyNode(b):
		return isEmptyNode(a) && isEmptyNode(b)
	case a.Kind != b.Kind || len(a.Content) != len(b.Content):
		return false
	case a.Kind == yaml.ScalarNode:
		return a.Value == b.Value && a.ShortTag() == b.ShortTag()
	}
	for i := range a.Content {
		if !sameNode(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// encode writes a whole document anew.
func encode(doc *yaml.Node) ([]byte, error) {
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := enc.Encode(doc); err != nil {
		return nil, err
	}
	return buf.Bytes(), enc.Close()
}
