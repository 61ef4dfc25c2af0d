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

// writeEnv writes assignments for a shell.
func writeEnv(out io.Writer, shell string, c pam.Checkout, v secret.Value) error {
	var buf bytes.Buffer
	defer func() { clear(buf.Bytes()[:buf.Cap()]) }()
	buf.Grow(1024 + 4*v.Len())
	assign := assignerOf(shell)
	for _, variable := range Variables() {
		err := Field(variable.Field, c, pam.Release{Secret: v}).Reveal(func(b []byte) error { return assign(&buf, variable.Name, b) })
		if err != nil {
			return err
		}
	}
	_, err := out.Write(buf.Bytes())
	return err
}
