package handout

import (
	"bytes"
	"io"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

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
	assign("REDIM_CHECKOUT_ID", []byte(c.ID))
	assign("REDIM_USERNAME", []byte(username(c.Credential)))
	assign("REDIM_SYSTEM", []byte(c.Credential.System))
	_ = v.Reveal(func(b []byte) error { assign("REDIM_PASSWORD", b); return nil })
	_, err := out.Write(buf.Bytes())
	return err
}
