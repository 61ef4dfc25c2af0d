package redimtest

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/pam"
)

//go:embed sample.yaml
var sampleYAML []byte

// SampleYAML is the text of the sample estate.
func SampleYAML() []byte { return bytes.Clone(sampleYAML) }

// SampleEstate returns the people and machines that documentation, scripts and
// tests speak of. Each call returns a new one, free to change.
func SampleEstate() *Estate {
	e, err := ParseEstate("sample.yaml", sampleYAML)
	if err != nil {
		panic(err) // the embedded text is tested
	}
	return e
}

// LoadEstate reads an estate file. A file that can't be read or is wrong is
// pam.ErrUsage, with a line number for each fault found in it.
func LoadEstate(path string) (*Estate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "read estate: %w", err).WithHint("give a file as testdata/estate/sample.yaml")
	}
	return ParseEstate(path, data)
}

// ParseEstate reads an estate from YAML. An unknown key, a duplicate name or a
// reference to something that is not there is an error.
func ParseEstate(name string, data []byte) (*Estate, error) {
	e := &Estate{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(e); err != nil && !errors.Is(err, io.EOF) {
		return nil, estateFailure(name, decodeProblems(err))
	}
	var more yaml.Node
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, estateFailure(name, []string{"only one YAML document is read"})
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, estateFailure(name, decodeProblems(err))
	}
	if faults := e.check(); len(faults) > 0 {
		return nil, estateFailure(name, locate(&root, faults))
	}
	return e, nil
}

// maxProblems bounds how many mistakes one error tells.
const maxProblems = 20

func estateFailure(name string, problems []string) error {
	if more := len(problems) - maxProblems; more > 0 {
		problems = append(problems[:maxProblems:maxProblems], fmt.Sprintf("and %d more", more))
	}
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = name + ":" + p
		if p[0] < '0' || p[0] > '9' { // without a line number
			lines[i] = name + ": " + p
		}
	}
	return pam.Failf(pam.ErrUsage, "%s", strings.Join(lines, "\n")).WithHint("docs/simulate.md describes the format; the sample estate shows it")
}

// decodeProblems turns the decoder's errors into "LINE: text".
func decodeProblems(err error) []string {
	var many *yaml.TypeError
	if !errors.As(err, &many) {
		return []string{lineFirst(err.Error())}
	}
	out := make([]string, 0, len(many.Errors))
	for _, text := range many.Errors {
		out = append(out, lineFirst(text))
	}
	return out
}

func lineFirst(text string) string {
	text = strings.TrimPrefix(text, "yaml: ")
	var line int
	if _, err := fmt.Sscanf(text, "line %d:", &line); err != nil {
		return text
	}
	_, text, _ = strings.Cut(text, ": ")
	if key, where, ok := strings.Cut(strings.TrimPrefix(text, "field "), " not found in type redimtest."); ok {
		text = fmt.Sprintf("unknown key %s in %s", key, partName(where))
	}
	return fmt.Sprintf("%d: %s", line, strings.ReplaceAll(text, "redimtest.", ""))
}

// partName is what docs/simulate.md calls a part of the estate.
func partName(goType string) string {
	names := map[string]string{
		"Estate": "the estate", "DomainAccount": "domain_accounts", "SharedList": "a shared list", "SharedEntry": "an entry of a shared list",
		"ManagementSet": "a management set", "TemplateJob": "a job",
	}
	if name, ok := names[goType]; ok {
		return name
	}
	return "a " + strings.ToLower(goType)
}

// locate puts the line of each fault in front of it.
func locate(root *yaml.Node, faults []estateFault) []string {
	if root.Kind == yaml.DocumentNode && len(root.Content) > 0 {
		root = root.Content[0]
	}
	slices.SortStableFunc(faults, func(a, b estateFault) int { return follow(root, a.path).Line - follow(root, b.path).Line })
	out := make([]string, 0, len(faults))
	for _, f := range faults {
		out = append(out, fmt.Sprintf("%d: %s", follow(root, f.path).Line, f.text))
	}
	return out
}

// follow goes down a path as far as the file has it.
func follow(node *yaml.Node, path []any) *yaml.Node {
	for _, step := range path {
		if next := child(node, step); next != nil {
			node = next
		}
	}
	return node
}

func child(n *yaml.Node, step any) *yaml.Node {
	if i, ok := step.(int); ok {
		if n.Kind == yaml.SequenceNode && i < len(n.Content) {
			return n.Content[i]
		}
		return nil
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == step {
			return n.Content[i+1]
		}
	}
	return nil
}

// unlocated shows faults of an estate that was not read from a file.
func unlocated(faults []estateFault) []string {
	var out []string
	for _, f := range faults {
		var where strings.Builder
		for _, step := range f.path {
			if i, ok := step.(int); ok {
				fmt.Fprintf(&where, "[%d]", i)
			} else {
				fmt.Fprintf(&where, ".%v", step)
			}
		}
		out = append(out, strings.TrimPrefix(where.String(), ".")+": "+f.text)
	}
	return out
}
