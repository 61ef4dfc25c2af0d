package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
)

// Revealed is a secret that is to be shown, in JSON and YAML. A command makes
// one only when its user asked for the secret in so many words.
type Revealed struct{ secret.Value }

// MarshalJSON writes the secret as a string.
func (r Revealed) MarshalJSON() ([]byte, error) {
	var out []byte
	err := r.Reveal(func(b []byte) (err error) {
		out, err = encode(string(b), false)
		return err
	})
	return out, err
}

// MarshalText writes [redacted]: only JSON and YAML reveal.
func (r Revealed) MarshalText() ([]byte, error) { return []byte(secret.Redacted), nil }

// encode is v in JSON, on one line or indented, without a line feed at its
// end. Characters that a terminal would act on are escaped.
func encode(v any, pretty bool) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if pretty {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return escapeUnsafe(bytes.TrimRight(b.Bytes(), "\n")), nil
}

// escapeUnsafe writes what a terminal would act on, save line feeds, as \u
// escapes. In b such characters may only stand within double quotes.
func escapeUnsafe(b []byte) []byte {
	const del = 0x7F // the encoder has seen to the characters below the space
	unsafe := func(r rune) bool { return r >= del && term.Unsafe(r) }
	if bytes.IndexFunc(b, unsafe) < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if unsafe(r) {
			out = appendEscape(out, r)
		} else {
			out = append(out, b[:size]...)
		}
		b = b[size:]
	}
	return out
}

func appendEscape(out []byte, r rune) []byte {
	const supplement = 0x10000
	if r < supplement {
		return fmt.Appendf(out, `\u%04x`, r)
	}
	r -= supplement
	return fmt.Appendf(out, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
}

// withSchema is v, which must encode as an object, with its schema first.
func withSchema(v any) ([]byte, error) {
	b, err := encode(v, false)
	if err != nil {
		return nil, err
	}
	if len(b) < 2 || b[0] != '{' {
		return nil, fmt.Errorf("%T is not an object in JSON", v)
	}
	if string(b) == "{}" {
		return []byte(`{"schema":1}`), nil
	}
	return append([]byte(`{"schema":1,`), b[1:]...), nil
}

// jsonRows writes a list, each item from the start of a line.
type jsonRows struct {
	next   string
	out    io.Writer
	pretty bool
	begun  bool
}

func (j *jsonRows) item(r row) error {
	b, err := encode(r.json(), j.pretty)
	if err != nil {
		return err
	}
	lead := ",\n"
	if !j.begun {
		lead = jsonOpen + "\n"
	}
	j.begun = true
	_, err = j.out.Write(append([]byte(lead), b...))
	return err
}

const jsonOpen = `{"schema":1,"items":[`

func (j *jsonRows) end() error {
	next, err := encode(j.next, false)
	if err != nil {
		return err
	}
	lead := "\n"
	if !j.begun {
		lead = jsonOpen
	}
	_, err = fmt.Fprintf(j.out, "%s],\"next\":%s}\n", lead, next)
	return err
}
