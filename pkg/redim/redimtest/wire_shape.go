package redimtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// kind is what a contract says a member is.
type kind int

const (
	kindString kind = iota
	kindNumber
	kindBool
	kindDate
	kindObject
	kindList
)

// shape is the contract of one value: how it is read, and how the help page
// shows it. Members that a shape does not name are ignored.
type shape struct {
	kind    kind
	members []field // of kindObject
	item    *shape  // of kindList; nil keeps items as they are
}

type field struct {
	name  string
	shape shape
}

func text(name string) field   { return field{name, shape{kind: kindString}} }
func number(name string) field { return field{name, shape{kind: kindNumber}} }
func truth(name string) field  { return field{name, shape{kind: kindBool}} }
func date(name string) field   { return field{name, shape{kind: kindDate}} }
func nested(name string, members ...field) field {
	return field{name, shape{kind: kindObject, members: members}}
}

// conform reads v as the shape says: string, int64, bool, time.Time, object
// (with the named members only, in the shape's order, those that are missing
// left out) or []any.
func (s shape) conform(v any) (any, error) {
	switch s.kind {
	case kindString:
		return asString(v)
	case kindNumber:
		return asNumber(v)
	case kindBool:
		return asBool(v)
	case kindDate:
		return asDate(v)
	case kindList:
		return s.asList(v)
	}
	return s.conformObject(v)
}

func (s shape) conformObject(v any) (object, error) {
	if v == nil {
		return object{}, nil
	}
	in, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("found %s where an object is expected", kindOf(v))
	}
	if len(in) > 0 && in[0].name == "__type" {
		return nil, fmt.Errorf("the type hint %v is not known", in[0].value)
	}
	out := object{}
	for _, f := range s.members {
		raw, there := in.get(f.name)
		if !there {
			continue
		}
		got, err := f.shape.conform(raw)
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", f.name, err)
		}
		out = append(out, member{f.name, got})
	}
	return out, nil
}

func (s shape) asList(v any) (any, error) {
	if v == nil {
		return []any{}, nil
	}
	in, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("found %s where an array is expected", kindOf(v))
	}
	out := make([]any, 0, len(in))
	for i, raw := range in {
		got := raw
		if s.item != nil {
			var err error
			if got, err = s.item.conform(raw); err != nil {
				return nil, fmt.Errorf("item %d: %w", i, err)
			}
		}
		out = append(out, got)
	}
	return out, nil
}

// scalar is the text of a value that is no object, array or null: the
// framework converts from the text, whatever the JSON type was.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

func asString(v any) (any, error) {
	if v == nil {
		return "", nil
	}
	if s, ok := scalar(v); ok {
		return s, nil
	}
	return nil, fmt.Errorf("found %s where a string is expected", kindOf(v))
}

func asNumber(v any) (any, error) {
	s, ok := scalar(v)
	if !ok {
		return nil, fmt.Errorf("found %s where a number is expected", kindOf(v))
	}
	n, err := strconv.ParseInt(strings.Trim(s, " \t\r\n"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not a whole number", s)
	}
	return n, nil
}

func asBool(v any) (any, error) {
	s, ok := scalar(v)
	if !ok {
		return nil, fmt.Errorf("found %s where true or false is expected", kindOf(v))
	}
	switch strings.Trim(s, " \t\r\n") {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return nil, fmt.Errorf("%q is neither true nor false", s)
}

// The first and the last instant that the framework has, in milliseconds.
const (
	minMilli = -62135596800000
	maxMilli = 253402300799999
)

func asDate(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("found %s where a date is expected", kindOf(v))
	}
	inner, okFront := strings.CutPrefix(strings.TrimSpace(s), "/Date(")
	inner, okBack := strings.CutSuffix(inner, ")/")
	ms, err := strconv.ParseInt(strings.TrimSpace(withoutOffset(inner)), 10, 64)
	switch {
	case !okFront || !okBack || err != nil:
		return nil, fmt.Errorf("%q is not of the form /Date(milliseconds)/", s)
	case ms < minMilli || ms > maxMilli:
		return nil, fmt.Errorf("%q is out of the range of dates", s)
	}
	return time.UnixMilli(ms).UTC(), nil
}

// withoutOffset cuts off what only says that a date was local: all from a sign
// on that is not the first character, a plus before a minus. Nobody looks at it.
func withoutOffset(inner string) string {
	for _, sign := range "+-" {
		if i := strings.IndexRune(inner[min(1, len(inner)):], sign); i >= 0 {
			return inner[:i+1]
		}
	}
	return inner
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "an array"
	}
	return "an object"
}

// set replaces a member that is there.
func (o object) set(name string, value any) {
	for i := range o {
		if o[i].name == name {
			o[i].value = value
		}
	}
}

// The accessors read a conformed object; a missing member is the zero value.

func (o object) str(name string) string     { return valueOf[string](o, name) }
func (o object) num(name string) int64      { return valueOf[int64](o, name) }
func (o object) obj(name string) object     { return valueOf[object](o, name) }
func (o object) time(name string) time.Time { return valueOf[time.Time](o, name) }
func (o object) truth(name string) bool     { return valueOf[bool](o, name) }

func valueOf[T any](o object, name string) T {
	v, _ := o.get(name)
	t, ok := v.(T)
	if !ok {
		var zero T
		return zero
	}
	return t
}
