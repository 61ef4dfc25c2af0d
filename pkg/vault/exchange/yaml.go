package exchange

import (
	"errors"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

const yamlHint = "write schema: 1 and a list called integrations; an export shows the form"

// readYAML reads the list of a document into rows, so that both formats are
// judged by the same rules.
func readYAML(in io.Reader) ([]row, error) {
	data, err := readAll(in)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Schema       int         `yaml:"schema"`
		Integrations []yaml.Node `yaml:"integrations"`
	}
	d := yaml.NewDecoder(strings.NewReader(string(data)))
	d.KnownFields(true)
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, pam.Failf(pam.ErrUsage, "the file is empty").WithHint(yamlHint)
		}
		return nil, pam.Failf(pam.ErrUsage, "the file is no list of integrations: %s", strings.ReplaceAll(err.Error(), "\n", " ")).WithHint(yamlHint)
	}
	if doc.Schema != 1 {
		return nil, pam.Failf(pam.ErrUsage, "schema %d is not known here", doc.Schema).WithHint(yamlHint)
	}
	var out []row
	for _, node := range doc.Integrations {
		r, err := yamlRow(&node)
		if err != nil {
			return nil, atLine(node.Line, err)
		}
		out = append(out, r)
	}
	return out, nil
}

func yamlRow(node *yaml.Node) (row, error) {
	r := row{line: node.Line, cells: map[string]string{}}
	if node.Kind != yaml.MappingNode {
		return r, pam.Failf(pam.ErrUsage, "an integration is a list of fields").WithHint(yamlHint)
	}
	for n := 0; n+1 < len(node.Content); n += 2 {
		name, value := node.Content[n].Value, node.Content[n+1]
		if _, twice := r.cells[name]; twice || !slices.Contains(integrationColumns(), name) {
			return r, pam.Failf(pam.ErrUsage, "field %q is not known, or there twice", name).WithHint("the fields are %s", strings.Join(integrationColumns(), ", "))
		}
		text, err := cellOf(name, value)
		if err != nil {
			return r, err
		}
		r.cells[name] = text
	}
	if _, ok := r.cells["name"]; !ok {
		return r, pam.Failf(pam.ErrUsage, "the name is missing").WithHint("every integration has a name")
	}
	return r, nil
}

// cellOf is a value as a cell of a table has it.
func cellOf(name string, value *yaml.Node) (string, error) {
	switch {
	case value.Kind == yaml.ScalarNode && value.Tag == "!!null":
		return "", nil
	case value.Kind == yaml.ScalarNode:
		return value.Value, nil
	case value.Kind == yaml.SequenceNode && (name == "allowed" || name == "grants"):
		var items []string
		for _, item := range value.Content {
			if item.Kind != yaml.ScalarNode || strings.Contains(item.Value, "|") {
				return "", pam.Failf(pam.ErrUsage, "%s holds what is no text, or a |", name).WithHint(yamlHint)
			}
			items = append(items, item.Value)
		}
		return strings.Join(items, "|"), nil
	}
	return "", pam.Failf(pam.ErrUsage, "%s has a value of the wrong kind", name).WithHint(yamlHint)
}

type integrationYAML struct {
	Name          string   `yaml:"name"`
	Description   string   `yaml:"description"`
	Active        bool     `yaml:"active"`
	Auth          string   `yaml:"auth"`
	Account       string   `yaml:"account"`
	Allowed       []string `yaml:"allowed,flow"`
	Reason        string   `yaml:"reason"`
	Hours         float64  `yaml:"hours"`
	Comment       string   `yaml:"comment"`
	Justification string   `yaml:"skip_approval_justification"`
	Until         string   `yaml:"skip_approval_until"`
	Grants        []string `yaml:"grants,flow"`
}

func writeYAML(out io.Writer, list []vault.Integration) error {
	doc := struct {
		Schema       int               `yaml:"schema"`
		Integrations []integrationYAML `yaml:"integrations"`
	}{Schema: 1, Integrations: []integrationYAML{}}
	for _, i := range list {
		doc.Integrations = append(doc.Integrations, integrationYAML{
			Name: i.Name, Description: i.Description, Active: i.Active, Auth: string(i.Auth), Account: i.Account,
			Allowed: texts(i.Allowed, vault.FormatAllowed), Reason: i.Reason, Hours: i.Hours.Hours(), Comment: i.Comment,
			Justification: i.Skip.Justification, Until: integrationCells(i)["skip_approval_until"], Grants: texts(i.Grants, vault.Pattern.String),
		})
	}
	e := yaml.NewEncoder(out)
	e.SetIndent(2)
	if err := e.Encode(doc); err != nil {
		return err
	}
	return e.Close()
}
