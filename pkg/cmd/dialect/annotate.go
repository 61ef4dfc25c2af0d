package dialect

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/redim/dialect"
)

// annotate is the text of a dialect with each change as a comment above the
// operation it is about, and a summary at the end. It stays YAML.
func annotate(d *dialect.Dialect, c changes, ops []operation) (string, error) {
	var b strings.Builder
	for line := range strings.Lines(d.Text()) {
		key, _, _ := strings.Cut(line, ":")
		if tree, ok := c.operations[key]; ok {
			note, err := changeNote(c.from(key), tree)
			if err != nil {
				return "", err
			}
			b.WriteString(note)
		}
		b.WriteString(line)
	}
	if c.found != "" {
		b.WriteString("\n# The setting is auto, and " + c.found + " was found.\n")
	}
	b.WriteString("\n# Attested by public material: " + keysOf(ops, true) + "\n# Not attested: " + keysOf(ops, false) + "\n")
	return b.String(), nil
}

func changeNote(from string, tree any) (string, error) {
	text, err := yaml.Marshal(tree)
	if err != nil {
		return "", fmt.Errorf("show the change of %s: %w", from, err)
	}
	var b strings.Builder
	b.WriteString("# CHANGED by dialect_operations, " + from + ":\n")
	for line := range strings.Lines(string(text)) {
		b.WriteString("#   " + line)
	}
	return b.String(), nil
}

func keysOf(ops []operation, public bool) string {
	var keys []string
	for _, o := range ops {
		if o.Public == public {
			keys = append(keys, o.Key)
		}
	}
	if len(keys) == 0 {
		return "none"
	}
	return strings.Join(keys, ", ")
}
