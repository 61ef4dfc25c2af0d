package secretfile

import (
	"bytes"
	"maps"
	"slices"

	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

// secrets is the content of the file, by name. Sealed, it is a list of fields:
// name, secret, name, secret.
type secrets map[string]secret.Value

func (s secrets) encode() (b []byte) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		b = seal.AppendField(b, []byte(name))
		_ = s[name].Reveal(func(v []byte) error {
			b = seal.AppendField(b, v)
			return nil
		})
	}
	return b
}

// decode reads what encode wrote; it shares no memory with b.
func decode(b []byte) (secrets, bool) {
	s := secrets{}
	for len(b) > 0 {
		name, rest, okName := seal.CutField(b)
		value, rest, okValue := seal.CutField(rest)
		if !okName || !okValue {
			return nil, false
		}
		s[string(name)] = secret.New(bytes.Clone(value))
		b = rest
	}
	return s, true
}
