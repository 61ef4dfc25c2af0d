package handout

import (
	"bytes"
	"io"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Variable is a variable with a field of a check-out.
type Variable struct{ Name, Field string }

// Variables are those that are handed out where nobody says which.
func Variables() []Variable {
	return []Variable{{"REDIM_CHECKOUT_ID", "id"}, {"REDIM_USERNAME", "username"}, {"REDIM_SYSTEM", "system"}, {"REDIM_PASSWORD", "password"}}
}

// writeEnv writes assignments for eval in a POSIX shell. Everything stands in
// single quotes, in which only the quote itself needs care.
func writeEnv(out io.Writer, c pam.Checkout, v secret.Value) error {
	var buf bytes.Buffer
	defer func() { clear(buf.Bytes()[:buf.Cap()]) }()
	buf.Grow(512 + 4*v.Len())
	assign := func(name string, value []byte) {
		buf.WriteString(name + "='")
		for _, b := range value {
			if b == '\'' {
				buf.WriteString(`'\''`)
				continue
			}
			buf.WriteByte(b)
		}
		buf.WriteString("'\n")
	}
	for _, variable := range Variables() {
		_ = Field(variable.Field, c, pam.Release{Secret: v}).Reveal(func(b []byte) error { assign(variable.Name, b); return nil })
	}
	_, err := out.Write(buf.Bytes())
	return err
}
