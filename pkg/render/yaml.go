package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/term"
)

// toYAML is JSON as YAML, members in the same order.
func toYAML(doc []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	node, err := yamlNode(d)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(node); err != nil {
		return nil, err
	}
	if err := e.Close(); err != nil {
		return nil, err
	}
	return escapeYAML(b.Bytes()), nil
}

// yamlNode reads one JSON value.
func yamlNode(d *json.Decoder) (*yaml.Node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		return yamlNested(d, v)
	case json.Number:
		return scalar("", v.String()), nil
	case bool:
		return scalar("!!bool", fmt.Sprint(v)), nil
	case string:
		return yamlText(v), nil
	}
	return scalar("!!null", "null"), nil
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// yamlText quotes what a terminal would act on, so that it can be escaped.
func yamlText(s string) *yaml.Node {
	n := scalar("!!str", s)
	if strings.ContainsFunc(s, term.Unsafe) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// yamlNested reads the rest of an object or an array.
func yamlNested(d *json.Decoder, open json.Delim) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	if open == '[' {
		n.Kind = yaml.SequenceNode
	}
	for d.More() {
		child, err := yamlNode(d)
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, child)
	}
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle
	}
	_, err := d.Token()
	return n, err
}

// escapeYAML is escapeUnsafe with YAML's escape for the rare long ones.
func escapeYAML(b []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(b) {
		switch {
		case r == '\n' || !term.Unsafe(r):
			out.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&out, `\U%08X`, r)
		default:
			fmt.Fprintf(&out, `\u%04X`, r)
		}
	}
	return out.Bytes()
}

// yamlRows writes a list item by item.
type yamlRows struct {
	next  string
	out   io.Writer
	begun bool
}

func (y *yamlRows) item(r row) error {
	b, err := encode(r.json(), false)
	if err != nil {
		return err
	}
	text, err := toYAML([]byte("[" + string(b) + "]"))
	if err != nil {
		return err
	}
	if !y.begun {
		text = append([]byte("schema: 1\nitems:\n"), text...)
	}
	y.begun = true
	_, err = y.out.Write(text)
	return err
}

func (y *yamlRows) end() error {
	next, err := toYAML([]byte(`{"next":` + quoted(y.next) + `}`))
	if err != nil {
		return err
	}
	if !y.begun {
		next = append([]byte("schema: 1\nitems: []\n"), next...)
	}
	_, err = y.out.Write(next)
	return err
}

// quoted is s as a JSON string.
func quoted(s string) string {
	b, err := encode(s, false)
	if err != nil {
		return `""`
	}
	return string(b)
}
