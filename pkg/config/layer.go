package config

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// layers collects values, the weakest layer first; a later one wins.
type layers struct {
	table    []Key
	values   map[string]value
	problems []Problem
}

func (l *layers) key(name string) (Key, bool) {
	for _, k := range l.table {
		if k.Name == name {
			return k, true
		}
	}
	return Key{}, false
}

func (l *layers) report(p ...Problem) { l.problems = append(l.problems, p...) }

// profile takes the settings of a profile. It reports to the document.
func (l *layers) profile(d *document, p profile) {
	if p.node != nil {
		l.mapping(d, p, p.node, "")
	}
}

func (l *layers) mapping(d *document, p profile, m *yaml.Node, prefix string) {
	d.eachPair(m, "", func(name string, key, val *yaml.Node) {
		at := d.at(key.Line)
		at.Name = p.name
		full := prefix + name
		k, known := l.key(full)
		switch {
		case strings.Contains(name, ".") && prefix == "" && known:
			group, rest, _ := strings.Cut(name, ".")
			d.report(problem(full, at, "a name with a dot is written in two lines").hint("write %s: and below it, indented, %s:", group, rest))
		case known:
			l.node(d, k, val, at)
		case l.isGroup(full):
			l.group(d, p, val, at, full)
		default:
			d.report(l.unknown(full, at))
		}
	})
}

func (l *layers) isGroup(name string) bool {
	for _, k := range l.table {
		if strings.HasPrefix(k.Name, name+".") {
			return true
		}
	}
	return false
}

func (l *layers) group(d *document, p profile, val *yaml.Node, at Origin, name string) {
	switch {
	case val.Kind == yaml.MappingNode:
		l.mapping(d, p, val, name+".")
	case !isNull(val):
		d.report(problem(name, at, "this is not a map").hint("indent its settings below %s:", name))
	}
}

// unknown names the nearest key there is.
func (l *layers) unknown(name string, at Origin) Problem {
	names := make([]string, len(l.table))
	for i, k := range l.table {
		names[i] = k.Name
	}
	p := problem(name, at, "unknown key")
	if near := nearest(name, names); near != "" {
		return p.hint("the nearest known key is %s", near)
	}
	return p.hint("the keys are %s", strings.Join(names, ", "))
}

// node takes a value of the file.
func (l *layers) node(d *document, k Key, val *yaml.Node, at Origin) {
	switch {
	case isNull(val):
	case k.Type == TypeTree && val.Kind == yaml.MappingNode:
		l.values[k.Name] = value{tree: val, origin: at}
	case k.IsMap() && val.Kind == yaml.MappingNode:
		l.values[k.Name] = l.entries(d, k, val, at)
	case k.IsMap() || k.Type == TypeTree:
		d.report(problem(k.Name, at, "this is not a map").hint("indent its entries below %s:, one a line, as NAME: VALUE", k.Name))
	case val.Kind != yaml.ScalarNode:
		d.report(problem(k.Name, at, "a single value is wanted here, not a map or a list").hint("write %s: %s", k.Name, k.Example))
	default:
		l.values[k.Name] = value{text: val.Value, origin: at}
	}
}

func (l *layers) entries(d *document, k Key, m *yaml.Node, at Origin) value {
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

// env takes the variables that are set and not empty.
func (l *layers) env(getenv func(string) string) {
	for _, k := range l.table {
		text := getenv(k.Env())
		if text == "" {
			continue
		}
		v, bad := fromText(k, text, Origin{Layer: LayerEnv, Name: k.Env()})
		l.report(bad...)
		l.values[k.Name] = v
	}
}

// set takes KEY=VALUE as --set gives it.
func (l *layers) set(assignment string) {
	name, text, ok := strings.Cut(assignment, "=")
	name = strings.TrimSpace(name)
	at := Origin{Layer: LayerFlag, Name: name}
	if !ok || name == "" {
		l.report(problem("", at, "an assignment has no key or no =").hint("write --set KEY=VALUE, for example --set timeout=1m"))
		return
	}
	k, item, known := lookup(l.table, name)
	switch {
	case !known:
		l.report(l.unknown(name, at))
	case item != "":
		l.values[k.Name] = l.values[k.Name].with(entry{name: item, text: strings.TrimSpace(text), origin: at})
	default:
		v, bad := fromText(k, text, at)
		l.report(bad...)
		l.values[k.Name] = v
	}
}
