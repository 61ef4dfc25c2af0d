package config

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/redim-tools/redim/pkg/spell"
)

// profile is one profile of the file, not yet understood.
type profile struct {
	name   string
	line   int
	values map[string]value
}

// take collects the values of a mapping below a profile or one of its groups.
func (d *document) take(p profile, m *yaml.Node, prefix string) {
	d.eachPair(m, "", func(name string, key, val *yaml.Node) {
		at := d.at(key.Line)
		at.Name = p.name
		full := prefix + name
		k, item, known := lookup(d.table, full)
		switch {
		case known && strings.Contains(name, "."):
			d.report(dottedKey(k, name, at))
		case known && item == "":
			d.node(p, k, val, at)
		case isGroup(d.table, full):
			d.group(p, val, at, full)
		default:
			d.report(unknownKey(d.table, "", full, at))
		}
	})
}

func dottedKey(k Key, name string, at Origin) Problem {
	group, rest, _ := strings.Cut(name, ".")
	return problem(k.Name, at, "a name with a dot is written in two lines").hint("write %s: and below it, indented, %s:", group, rest)
}

func isGroup(table []Key, name string) bool {
	for _, k := range table {
		if strings.HasPrefix(k.Name, name+".") {
			return true
		}
	}
	return false
}

func (d *document) group(p profile, val *yaml.Node, at Origin, name string) {
	switch {
	case val.Kind == yaml.MappingNode:
		d.take(p, val, name+".")
	case !isNull(val):
		d.report(problem(name, at, "this is not a map").hint("indent its settings below %s:", name))
	}
}

// unknownKey names the nearest key there is, or all that the command reads.
func unknownKey(table []Key, tool, name string, at Origin) Problem {
	var names, own []string
	for _, k := range table {
		names = append(names, k.Name)
		if k.readBy(tool) {
			own = append(own, k.Name)
		}
	}
	p := problem(name, at, "unknown key")
	if near := spell.Nearest(name, names); near != "" {
		return p.hint("the nearest known key is %s", near)
	}
	return p.hint("the keys are %s", strings.Join(own, ", "))
}

// node takes one value.
func (d *document) node(p profile, k Key, val *yaml.Node, at Origin) {
	switch {
	case isNull(val):
	case k.Type == TypeTree && val.Kind == yaml.MappingNode:
		p.values[k.Name] = value{tree: val, origin: at}
	case k.IsMap() && val.Kind == yaml.MappingNode:
		p.values[k.Name] = d.entries(k, val, at)
	case k.IsMap() || k.Type == TypeTree:
		d.report(problem(k.Name, at, "this is not a map").hint("indent its entries below %s:, one a line, as NAME: VALUE", k.Name))
	case k.Type == TypeURLs && val.Kind == yaml.SequenceNode:
		d.list(p, k, val, at)
	case val.Kind != yaml.ScalarNode:
		d.report(problem(k.Name, at, "a single value is wanted here, not a map or a list").hint("write %s: %s", k.Name, k.Example))
	default:
		p.values[k.Name] = value{text: val.Value, origin: at}
	}
}

// list takes a list of single words.
func (d *document) list(p profile, k Key, val *yaml.Node, at Origin) {
	var words []string
	for _, n := range val.Content {
		if n.Kind != yaml.ScalarNode || isNull(n) {
			where := at
			where.Line = n.Line
			d.report(problem(k.Name, where, "an entry of the list is not a single value").hint("write one address a line, behind a dash"))
			return
		}
		words = append(words, n.Value)
	}
	p.values[k.Name] = value{text: strings.Join(words, "\n"), origin: at}
}

func (d *document) entries(k Key, m *yaml.Node, at Origin) value {
	v := value{origin: at}
	d.eachPair(m, "", func(name string, key, val *yaml.Node) {
		where := at
		where.Line = key.Line
		if val.Kind != yaml.ScalarNode || isNull(val) {
			d.report(problem(k.Name, where, "%s has no value", name).hint("write it like %s", strings.ReplaceAll(k.Example, "=", ": ")))
			return
		}
		v.entries = append(v.entries, entry{name: name, text: val.Value, origin: where})
	})
	return v
}
