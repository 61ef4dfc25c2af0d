package config

import (
	"strings"

	"github.com/redim-tools/redim/pkg/secret"
)

// KeyKind is where the token cache has its key from.
type KeyKind string

// The kinds of cache keys.
const (
	KeyFile       KeyKind = "file"       // arg: path, or empty for the usual place
	KeyKeyring    KeyKind = "keyring"    // no arg
	KeyPassphrase KeyKind = "passphrase" // arg: a secret source
	KeySystemd    KeyKind = "systemd"    // arg: name of a credential
)

// KeySource splits the setting cache.key.
func (c Cache) KeySource() (kind KeyKind, arg string) {
	word, arg, _ := strings.Cut(c.Key, ":")
	return KeyKind(word), strings.TrimSpace(arg)
}

// Passphrase is the secret source of a passphrase: key; the zero Source for
// other kinds. Errors are those of secret.ParseSource.
func (c Cache) Passphrase() (secret.Source, error) {
	kind, arg := c.KeySource()
	if kind != KeyPassphrase {
		return secret.Source{}, nil
	}
	return secret.ParseSource(arg)
}

func (s *Settings) checkCacheKey() []Problem {
	const forms = "use file, file:PATH, keyring, passphrase:SOURCE or systemd:NAME"
	at := s.Origin("cache.key")
	kind, arg := s.Cache.KeySource()
	switch {
	case kind == KeyFile, kind == KeyKeyring && arg == "":
		return nil
	case kind == KeySystemd && arg != "" && !strings.ContainsAny(arg, `/\`):
		return nil
	case kind == KeyPassphrase:
		if _, err := s.Cache.Passphrase(); err != nil {
			return []Problem{sourceProblem("cache.key", at, err)}
		}
		return nil
	}
	return []Problem{problem("cache.key", at, "this is not a kind of key").hint(forms)}
}
