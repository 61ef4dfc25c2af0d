package redimtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// The framework's default limits, and its limit of nesting.
const (
	maxMessage = 64 << 10
	maxString  = 8192 // UTF-16 units
	maxDepth   = 32
)

// object is a JSON object in the order of its members. With nil, bool,
// json.Number, string and []any it makes up what readJSON returns.
type object []member

type member struct {
	name  string
	value any
}

func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// readJSON reads one JSON value as strictly as the framework does: no byte-order
// mark, no invalid UTF-8, no duplicate member, nothing after the value.
func readJSON(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the message is not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := readValue(dec, 1)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text follows the message")
	}
	return v, nil
}

func readValue(dec *json.Decoder, depth int) (any, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("the message is not JSON: %w", err)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("the message is nested deeper than %d levels", maxDepth)
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return readObject(dec, depth)
		}
		return readList(dec, depth)
	case string:
		return t, checkLength(t)
	}
	return t, nil
}

func readObject(dec *json.Decoder, depth int) (any, error) {
	o := object{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("the message is not JSON: %w", err)
		}
		name, ok := t.(string)
		if !ok {
			return nil, fmt.Errorf("a member's name is %s", kindOf(t))
		}
		if _, twice := o.get(name); twice {
			return nil, fmt.Errorf("member %q occurs twice", name)
		}
		v, err := readValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name, v})
	}
	_, err := dec.Token()
	return o, err
}

func readList(dec *json.Decoder, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		v, err := readValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

func checkLength(s string) error {
	if len(s) > maxString && len(utf16.Encode([]rune(s))) > maxString {
		return fmt.Errorf("a string is longer than %d characters", maxString)
	}
	return nil
}
