package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"github.com/redim-tools/redim/pkg/pam"
)

// object is a JSON object whose members keep their order and their bytes: the
// service wants a type hint to stay the first member, and numbers to keep
// their digits.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

var errNoObject = errors.New("not a JSON object")

func parseObject(data []byte) (object, error) {
	if !json.Valid(data) {
		return nil, errNoObject
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNoObject
	}
	var o object
	for d.More() {
		name, _ := d.Token() // data is valid, so a name and a value follow
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errNoObject
		}
		text, _ := name.(string)
		o = append(o, member{text, value})
	}
	return o, nil
}

func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return m.name == name })
}

func (o object) has(name string) bool { return o.index(name) >= 0 }

// text is a member's text, or empty where there is none.
func (o object) text(name string) string {
	var s string
	if i := o.index(name); i >= 0 {
		_ = json.Unmarshal(o[i].value, &s) // anything else is no text
	}
	return s
}

func (o *object) remove(name string) {
	*o = slices.DeleteFunc(*o, func(m member) bool { return m.name == name })
}

// set puts a text or a number in the member's place, or at the end.
func (o *object) set(name string, value any) {
	raw, _ := json.Marshal(value) // texts and numbers always marshal
	o.put(name, raw)
}

func (o *object) put(name string, raw json.RawMessage) {
	if i := o.index(name); i >= 0 {
		(*o)[i].value = raw
		return
	}
	*o = append(*o, member{name, raw})
}

// editObject changes an object member; one that is missing or null is made.
func (o *object) editObject(name string, edit func(*object) error) error {
	var inner object
	if i := o.index(name); i >= 0 && !bytes.Equal((*o)[i].value, []byte("null")) {
		var err error
		if inner, err = parseObject((*o)[i].value); err != nil {
			return pam.Failf(pam.ErrProtocol, "its member %s is not an object", name).WithHint("look at the job in RED IM: it must be a password-change job")
		}
	}
	if err := edit(&inner); err != nil {
		return err
	}
	o.put(name, inner.bytes())
	return nil
}

func (o object) bytes() []byte {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		name, _ := json.Marshal(m.name)
		out.Write(name)
		out.WriteByte(':')
		out.Write(m.value)
	}
	out.WriteByte('}')
	return out.Bytes()
}
