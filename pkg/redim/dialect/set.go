package dialect

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// set takes over what tree names and keeps the rest. A tree is what a YAML
// reader makes of an operation; null stands for nothing.
func (o *Operation) set(tree any) error {
	lines, ok := mapping(tree)
	if !ok {
		return o.wrong("it is no mapping")
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if value := lines[name]; value != nil {
			if err := o.setLine(name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *Operation) setLine(name string, value any) error {
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
	case "request":
		o.Request = nil // it is replaced as a whole
		return o.setMapping(&o.Request, name, value)
	case "reply":
		return o.setReply(value)
	case "refused":
		return o.setTexts(&o.Refused, name, value)
	}
	return o.wrong("there is no line %s", name)
}

func (o *Operation) setReply(value any) error {
	lines, ok := mapping(value)
	if !ok {
		return o.wrong("reply is no mapping")
	}
	for name, v := range lines {
		var err error
		switch {
		case v == nil:
		case name == "kind":
			err = o.setText(&o.Reply.Kind, "reply.kind", v)
		case name == "at":
			err = o.setText(&o.Reply.At, "reply.at", v)
		case name == "fields":
			err = o.setTexts(&o.Reply.Fields, "reply.fields", v)
		default:
			err = o.wrong("there is no line reply.%s", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *Operation) setText(to *string, name string, value any) error {
	switch value.(type) {
	case string, int, bool, float64:
		*to = fmt.Sprint(value)
		return nil
	}
	return o.wrong("%s is no text", name)
}

func (o *Operation) setTruth(to *bool, name string, value any) error {
	b, ok := value.(bool)
	if !ok {
		return o.wrong("%s is neither true nor false", name)
	}
	*to = b
	return nil
}

func (o *Operation) setMapping(to *map[string]any, name string, value any) error {
	m, ok := mapping(value)
	if !ok {
		return o.wrong("%s is no mapping", name)
	}
	*to = m
	return nil
}

// setTexts lays texts over those that are there.
func (o *Operation) setTexts(to *map[string]string, name string, value any) error {
	m, ok := mapping(value)
	if !ok {
		return o.wrong("%s is no mapping", name)
	}
	texts := maps.Clone(*to)
	if texts == nil {
		texts = map[string]string{}
	}
	for key, v := range m {
		var text string
		if err := o.setText(&text, name+"."+key, v); err != nil {
			return err
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
