package integrations

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/spell"
)

// row is one record of an import: its fields, and where it stands.
type row struct {
	line   int
	fields Fields
}

// wrong is what is wrong with a line.
func wrong(line int, format string, args ...any) *pam.Failure {
	return pam.Failf(pam.ErrUsage, "line %d: %w", line, fmt.Errorf(format, args...))
}

// readRows reads YAML, JSON or CSV, whichever it is. A line that can't be read
// is ErrUsage and names it.
func readRows(data []byte) ([]row, error) {
	if strings.HasPrefix(firstLine(data), "name,") || firstLine(data) == "name" {
		return readCSV(data)
	}
	return readYAML(data)
}

// firstLine is the first line in lower case, without a byte order mark.
func firstLine(data []byte) string {
	line, _, _ := strings.Cut(strings.TrimPrefix(string(data), "\ufeff"), "\n")
	return strings.ToLower(strings.TrimSpace(line))
}

func readCSV(data []byte) ([]row, error) {
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff")))
	head, err := in.Read()
	if err != nil {
		return nil, csvFailure(err)
	}
	into := make([]column, len(head))
	for n, name := range head {
		if into[n], err = columnNamed(name, 1); err != nil {
			return nil, err
		}
	}
	var out []row
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, csvFailure(err)
		}
		line, _ := in.FieldPos(0)
		r := row{line: line, fields: Fields{Given: map[string]bool{}}}
		for n, text := range cells {
			values := []string{text}
			if into[n].isList() {
				values = strings.Split(text, ",")
			}
			r.take(into[n], values)
		}
		out = append(out, r)
	}
}

func csvFailure(err error) error {
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		return wrong(broken.Line, "%w", broken.Err).WithHint("each line has as many cells as the first one; a cell with a comma or a quote stands in quotes")
	}
	return pam.Failf(pam.ErrUsage, "the file can't be read: %w", err).WithHint("it begins with a line of column names")
}

func columnNamed(name string, line int) (column, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	var names []string
	for _, c := range columns() {
		if c.name == name {
			return c, nil
		}
		names = append(names, c.name)
	}
	if strings.Contains(name, "credential") || strings.Contains(name, "secret") || strings.Contains(name, "password") {
		return column{}, wrong(line, "credentials are not imported").WithHint("leave them out, and give each integration one with: vault integrations rotate-credential")
	}
	f := wrong(line, "there is no field %q", name)
	if near := spell.Nearest(name, names); near != "" {
		return column{}, f.WithHint("did you mean %s", near)
	}
	return column{}, f.WithHint("the fields are %s", strings.Join(names, ", "))
}

// take notes the value of a column.
func (r *row) take(c column, values []string) {
	for n := range values {
		values[n] = strings.TrimSpace(values[n])
	}
	if len(values) == 0 {
		values = []string{""}
	}
	c.take(&r.fields, values)
	r.fields.Given[c.flag] = true
}

func readYAML(data []byte) ([]row, error) {
	var doc struct {
		Schema int         `yaml:"schema"`
		Items  []yaml.Node `yaml:"items"`
		Next   string      `yaml:"next"`
	}
	in := yaml.NewDecoder(strings.NewReader(string(data)))
	in.KnownFields(true)
	if err := in.Decode(&doc); err != nil {
		return nil, pam.Failf(pam.ErrUsage, "this is neither an export in YAML or JSON, nor CSV: %w", err).
			WithHint("an export looks so: vault integrations export; CSV begins with a line of column names")
	}
	if doc.Schema != 1 {
		return nil, pam.Failf(pam.ErrUsage, "the file has schema %d, and only 1 is known here", doc.Schema).WithHint("write schema: 1 above items")
	}
	var out []row
	for _, item := range doc.Items {
		r, err := yamlRow(&item)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func yamlRow(item *yaml.Node) (row, error) {
	r := row{line: item.Line, fields: Fields{Given: map[string]bool{}}}
	if item.Kind != yaml.MappingNode {
		return r, wrong(item.Line, "an integration is a map of fields").WithHint("write - name: NAME")
	}
	for n := 0; n+1 < len(item.Content); n += 2 {
		key, val := item.Content[n], item.Content[n+1]
		c, err := columnNamed(key.Value, key.Line)
		if err != nil {
			return r, err
		}
		if r.fields.Given[c.flag] {
			return r, wrong(key.Line, "%s stands there twice", c.name).WithHint("leave one of them out")
		}
		values, ok := yamlValues(c, val)
		if !ok {
			return r, wrong(key.Line, "%s is not what it should be", c.name).WithHint("it is a text, or for allowed_ips and grants a list of texts")
		}
		r.take(c, values)
	}
	return r, nil
}

func yamlValues(c column, val *yaml.Node) ([]string, bool) {
	switch {
	case val.Kind == yaml.ScalarNode && val.Tag == "!!null":
		return nil, true
	case val.Kind == yaml.ScalarNode:
		return []string{val.Value}, true
	case val.Kind != yaml.SequenceNode || !c.isList():
		return nil, false
	}
	out := make([]string, 0, len(val.Content))
	for _, item := range val.Content {
		if item.Kind != yaml.ScalarNode {
			return nil, false
		}
		out = append(out, item.Value)
	}
	return out, true
}
