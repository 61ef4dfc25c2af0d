package config

import (
	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/redim/dialect"
)

const operationsKey = "dialect_operations"

// checkOperations holds the overrides of operations against the dialect that
// they are for, line by line.
func (s *Settings) checkOperations() []Problem {
	var out []Problem
	v := s.values[operationsKey]
	for _, w := range dialect.Check(s.Dialect, s.DialectOperations) {
		out = append(out, problem(operationsKey, lineOf(v, w.Path), "%s", w.Text).hint("%s", w.Hint))
	}
	return out
}

// lineOf is the origin of a tree with the line of what a path leads to, as far
// as the file has it.
func lineOf(v value, path []string) Origin {
	at, node := v.origin, v.tree
	for _, name := range path {
		i, ok := pairOf(node, name)
		if !ok {
			break
		}
		if at.Line > 0 { // else it is no file, and has no lines
			at.Line = node.Content[i].Line
		}
		node = node.Content[i+1]
	}
	return at
}

// OperationOrigin tells where an override of an operation came from.
func (s *Settings) OperationOrigin(operation string) Origin {
	return lineOf(s.values[operationsKey], []string{operation})
}

// twice finds a name that stands twice in a tree, or a key that is no name.
func twice(n *yaml.Node, k Key, at Origin) *Problem {
	if n.Kind == yaml.MappingNode {
		if p := twiceHere(n, k, at); p != nil {
			return p
		}
	}
	for _, c := range n.Content {
		if p := twice(c, k, at); p != nil {
			return p
		}
	}
	return nil
}

func twiceHere(n *yaml.Node, k Key, at Origin) *Problem {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if at.Line > 0 {
			at.Line = key.Line
		}
		switch {
		case key.Kind != yaml.ScalarNode:
			p := problem(k.Name, at, "a name is expected here").hint("write NAME: VALUE")
			return &p
		case seen[key.Value]:
			p := problem(k.Name, at, "%q is given twice", key.Value).hint("keep one of them")
			return &p
		}
		seen[key.Value] = true
	}
	return nil
}
