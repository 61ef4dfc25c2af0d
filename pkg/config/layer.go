package config

import "strings"

// layers collects values, the weakest layer first; a later one wins.
type layers struct {
	table    []Key
	tool     string
	values   map[string]value
	problems []Problem
}

func (l *layers) report(p ...Problem) { l.problems = append(l.problems, p...) }

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
		l.report(unknownKey(l.table, l.tool, name, at))
	case item != "":
		l.values[k.Name] = l.values[k.Name].with(k, entry{name: item, text: strings.TrimSpace(text), origin: at})
	default:
		l.take(k.Name, text, at)
	}
}

// take takes the text of a key that there is.
func (l *layers) take(name, text string, at Origin) {
	k, _, _ := lookup(l.table, name)
	v, bad := fromText(k, text, at)
	l.report(bad...)
	l.values[name] = v
}
