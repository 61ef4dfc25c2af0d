package dialect

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// set takes over what tree names and keeps the rest. A tree is what a YAML
// reader makes of an operation; null stands for nothing.
func (o *Operation) set(tree any) *Wrong {
	lines, ok := mapping(tree)
	if !ok {
		return o.wrong("", "it is no mapping")
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if value := lines[name]; value != nil {
			if wrong := o.setLine(name, value); wrong != nil {
				return wrong
			}
		}
	}
	return nil
}

// override is set for what an operator says. Another method has its members
// elsewhere, so what the file says of them does not hold.
func (o *Operation) override(tree any) *Wrong {
	lines, _ := mapping(tree)
	if method := lines["method"]; method != nil && method != o.method() {
		o.Request, o.Query, o.Header = nil, nil, nil
	}
	return o.set(tree)
}

func (o *Operation) setLine(name string, value any) *Wrong {
	switch name {
	case "operation":
		return o.setText(&o.Name, name, value)
	case "method":
		return o.setText(&o.Method, name, value)
	case "path":
		return o.setText(&o.Path, name, value)
	case "attested":
		return o.setText((*string)(&o.Attested), name, value)
	case "source":
		return o.setText(&o.Source, name, value)
	case "idempotent":
		return o.setTruth(&o.Idempotent, name, value)
	case "request": // this and the next two are replaced as a whole
		return o.setMapping(&o.Request, name, value)
	case "query":
		return o.setMapping(&o.Query, name, value)
	case "header":
		return o.setMapping(&o.Header, name, value)
	case "reply":
		return o.setReply(value)
	case "refused":
		return o.setTexts(&o.Refused, name, value)
	}
	return o.wrong(name, "there is no line %s", name)
}

func (o *Operation) setReply(value any) *Wrong {
	lines, ok := mapping(value)
	if !ok {
		return o.wrong("reply", "reply is no mapping")
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		v := lines[name]
		var wrong *Wrong
		switch {
		case v == nil:
		case name == "kind":
			wrong = o.setText(&o.Reply.Kind, "reply.kind", v)
		case name == "at":
			wrong = o.setText(&o.Reply.At, "reply.at", v)
		case name == "fields":
			wrong = o.setTexts(&o.Reply.Fields, "reply.fields", v)
		default:
			wrong = o.wrong("reply."+name, "there is no line reply.%s", name)
		}
		if wrong != nil {
			return wrong
		}
	}
	return nil
}

func (o *Operation) setText(to *string, name string, value any) *Wrong {
	switch value.(type) {
	case string, int, bool, float64:
		*to = fmt.Sprint(value)
		return nil
	}
	return o.wrong(name, "%s is no text", name)
}

func (o *Operation) setTruth(to *bool, name string, value any) *Wrong {
	b, ok := value.(bool)
	if !ok {
		return o.wrong(name, "%s is neither true nor false", name)
	}
	*to = b
	return nil
}

func (o *Operation) setMapping(to *map[string]any, name string, value any) *Wrong {
	m, ok := mapping(value)
	if !ok {
		return o.wrong(name, "%s is no mapping", name)
	}
	*to = m
	return nil
}

// setTexts lays texts over those that are there.
func (o *Operation) setTexts(to *map[string]string, name string, value any) *Wrong {
	m, ok := mapping(value)
	if !ok {
		return o.wrong(name, "%s is no mapping", name)
	}
	texts := maps.Clone(*to)
	if texts == nil {
		texts = map[string]string{}
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		var text string
		if wrong := o.setText(&text, name+"."+key, m[key]); wrong != nil {
			return wrong
		}
		texts[key] = strings.TrimSpace(text)
	}
	*to = texts
	return nil
}

// mapping takes both forms that YAML readers make of a mapping.
func mapping(value any) (map[string]any, bool) {
	switch m := value.(type) {
	case map[string]any:
		return m, true
	case map[any]any:
		out := make(map[string]any, len(m))
		for key, v := range m {
			out[fmt.Sprint(key)] = v
		}
		return out, true
	}
	return nil, false
}
