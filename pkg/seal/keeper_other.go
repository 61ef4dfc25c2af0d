//go:build !linux

package seal

import (
	"errors"

	"github.com/redim-tools/redim/pkg/secret"
)

// systemKeeper keeps nothing: only Linux has a keyring in its kernel.
func systemKeeper() keeper { return noKeeper{} }

type noKeeper struct{}

func (noKeeper) get(string) (secret.Value, error) { return secret.Value{}, errNotKept }
func (noKeeper) put(string, secret.Value) error   { return errNotKept }
func (noKeeper) usable() error                    { return errors.New("only Linux can") }
