package config

import (
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
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

// checkCacheKey refuses other forms without repeating them: a pass phrase may
// have been written in the open.
func checkCacheKey(text string) error {
	c := Cache{Key: text}
	kind, arg := c.KeySource()
	switch {
	case kind == KeyFile, kind == KeyKeyring && arg == "":
		return nil
	case kind == KeySystemd && arg != "" && !strings.ContainsAny(arg, `/\`):
		return nil
	case kind == KeyPassphrase:
		_, err := c.Passphrase()
		return err
	}
	return pam.Failf(pam.ErrUsage, "this is not a kind of key").WithHint("use file, file:PATH, keyring, passphrase:SOURCE or systemd:NAME")
}

// resolveCacheKey makes the path in file:PATH and passphrase:file:PATH absolute.
func resolveCacheKey(at Origin, text string) string {
	for _, prefix := range []string{"file:", "passphrase:file:"} {
		if path, ok := strings.CutPrefix(text, prefix); ok && path != "" {
			return prefix + at.resolve(strings.TrimSpace(path))
		}
	}
	return text
}
