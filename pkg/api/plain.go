package api

import (
	"bytes"
	"encoding/json"
)

// plainMember is a member as it is written: a name without its quotation marks,
// and a text with them or a number.
type plainMember struct{ name, value []byte }

// plainMembers adds the members of an object whose names and texts have no escapes and whose
// values are texts and numbers, as nearly all are that come in. False: it is
// another one, or none, and has to be read with care. The text must be UTF-8.
func plainMembers(text []byte, all []plainMember) ([]plainMember, bool) {
	p := plain{text}
	if !p.take('{') {
		return nil, false
	}
	for more := !p.take('}'); more; {
		name, ok1 := p.text()
		ok2 := p.take(':')
		value, ok3 := p.value()
		if !ok1 || !ok2 || !ok3 {
			return nil, false
		}
		all = append(all, plainMember{name[1 : len(name)-1], value})
		if more = p.take(','); !more && !p.take('}') {
			return nil, false
		}
	}
	p.space()
	return all, len(p.rest) == 0
}

// plain is what is left to read.
type plain struct{ rest []byte }

func (p *plain) space() {
	for n, ch := range p.rest {
		if ch != ' ' && ch != '\t' && ch != '\r' && ch != '\n' {
			p.rest = p.rest[n:]
			return
		}
	}
	p.rest = nil
}

// take takes a character, when it comes next.
func (p *plain) take(ch byte) bool {
	p.space()
	if len(p.rest) == 0 || p.rest[0] != ch {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *plain) text() ([]byte, bool) {
	p.space()
	from := p.rest
	if !p.take('"') {
		return nil, false
	}
	for n, ch := range p.rest {
		switch {
		case ch == '"':
			p.rest = p.rest[n+1:]
			return from[:n+2], true
		case ch == '\\' || ch < ' ':
			return nil, false
		}
	}
	return nil, false
}

func (p *plain) value() ([]byte, bool) {
	p.space()
	if len(p.rest) > 0 && p.rest[0] == '"' {
		return p.text()
	}
	n := len(p.rest) - len(bytes.TrimLeft(p.rest, "+-.0123456789Ee"))
	number := p.rest[:n]
	p.rest = p.rest[n:]
	return number, n > 0 && json.Valid(number)
}
