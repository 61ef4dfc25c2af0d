package dialect

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/redim/wcf"
	"github.com/redim-tools/redim/pkg/secret"
)

// Params are the values that fill an operation's request in: string, int64,
// secret.Value or json.RawMessage.
type Params map[string]any

// member is one member of a body, prepared for writing.
type member struct {
	name     string
	literal  []byte // a JSON value, when there is no param and no object
	param    string
	optional bool // left out when the param is empty
	spread   bool // all members of the param, which is an object
	object   []member
}

// members prepares an object that stands at that line of the operation.
func (o *Operation) members(line string, tree map[string]any) ([]member, *Wrong) {
	var out []member
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		m, wrong := o.member(line+"."+name, name, tree[name])
		if wrong != nil {
			return nil, wrong
		}
		out = append(out, m)
	}
	return out, nil
}

func (o *Operation) member(line, name string, value any) (member, *Wrong) {
	m := member{name: name, spread: name == "..."}
	if object, ok := mapping(value); ok && !m.spread {
		var wrong *Wrong
		if m.object, wrong = o.members(line, object); m.object == nil {
			m.literal = []byte("{}")
		}
		return m, wrong
	}
	if text, ok := value.(string); ok && strings.HasPrefix(text, "$") {
		m.param, m.optional = strings.CutSuffix(text[1:], "*")
		return m, o.checkParam(line, m.param)
	}
	if m.spread {
		return m, o.wrong("request", "request: ... takes a $name")
	}
	literal, err := json.Marshal(value)
	if err != nil {
		return m, o.wrong(line, "%s: %v", line, err)
	}
	m.literal = literal
	return m, nil
}

// Encode writes the request body, which a GET has none of. The caller owns the
// bytes and wipes them: no copy of a secret is left elsewhere. ErrUsage when
// the request names a param that there is none of, or a secret is no UTF-8.
func (o *Operation) Encode(p Params) ([]byte, error) {
	if o.Method == http.MethodGet {
		return nil, nil
	}
	e := encoder{op: o, params: p, out: make([]byte, 0, 512)}
	e.object(o.body)
	if e.err != nil {
		clear(e.out)
		return nil, e.err
	}
	return e.out, nil
}

type encoder struct {
	op     *Operation
	params Params
	out    []byte
	err    error
}

// room makes place for n more bytes. Bytes that are left behind are wiped.
func (e *encoder) room(n int) {
	if cap(e.out)-len(e.out) >= n {
		return
	}
	grown := append(make([]byte, 0, 2*cap(e.out)+n), e.out...)
	clear(e.out)
	e.out = grown
}

func (e *encoder) raw(text []byte) {
	e.room(len(text))
	e.out = append(e.out, text...)
}

func (e *encoder) object(members []member) {
	e.raw([]byte("{"))
	for _, m := range members {
		e.member(m)
	}
	if n := len(e.out) - 1; e.out[n] == ',' {
		e.out[n] = '}'
	} else {
		e.raw([]byte("}"))
	}
}

// member writes a member and a comma.
func (e *encoder) member(m member) {
	value, known := e.params[m.param]
	switch {
	case m.param != "" && !known:
		e.fail("request: $%s is not known; known are $%s", m.param, strings.Join(slices.Sorted(maps.Keys(e.params)), ", $"))
		return
	case m.optional && isEmpty(value):
		return
	case m.spread:
		e.spread(m, value)
		return
	}
	e.name(m.name)
	switch {
	case m.object != nil:
		e.object(m.object)
	case m.param != "":
		e.value(m.param, value)
	default:
		e.raw(m.literal)
	}
	e.raw([]byte(","))
}

func (e *encoder) name(name string) {
	e.room(6*len(name) + 3)
	e.out = append(wcf.AppendString(e.out, name), ':')
}

func (e *encoder) value(name string, value any) {
	switch v := value.(type) {
	case string:
		e.room(6*len(v) + 2)
		e.out = wcf.AppendString(e.out, v)
	case int64:
		e.room(20)
		e.out = strconv.AppendInt(e.out, v, 10)
	case secret.Value:
		_ = v.Reveal(func(b []byte) error { e.secret(name, b); return nil })
	case json.RawMessage:
		e.raw(v)
	}
}

func (e *encoder) secret(name string, b []byte) {
	if !utf8.Valid(b) {
		e.fail("%s is not UTF-8 text", name)
	}
	e.room(6*len(b) + 2)
	e.out = wcf.AppendString(e.out, b)
}

// spread writes the members of an object, without those that the request
// itself names: a member that comes twice is refused by the service.
func (e *encoder) spread(m member, value any) {
	object, ok := value.(json.RawMessage)
	text, valid := wcf.Valid(object)
	if !ok || !valid || !wcf.IsObject(text) {
		e.fail("request: ...: $%s is no object", m.param)
		return
	}
	for quoted, v := range wcf.Members(text) {
		name, _ := wcf.Text(quoted)
		if slices.ContainsFunc(e.op.body, func(own member) bool { return own.name == name }) {
			continue
		}
		e.name(name)
		e.raw(v)
		e.raw([]byte(","))
	}
}

func (e *encoder) fail(format string, args ...any) {
	if e.err == nil {
		e.err = e.op.wrong("request", format, args...).failure()
	}
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case string:
		return v == ""
	case secret.Value:
		return v.IsEmpty()
	}
	return value == nil
}
