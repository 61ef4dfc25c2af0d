package seal

import (
	"context"
	"path/filepath"
	"strings"
	"sync"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Keyring is what a KeySource needs of the keyring of the operating system.
type Keyring interface {
	Get(ctx context.Context, name string) (secret.Value, error)
	Set(ctx context.Context, name string, v secret.Value) error
	Check(ctx context.Context) error
}

// Env is what the sources of a key are made of. Only what the setting needs is
// used, and only when a key is asked for.
type Env struct {
	Dir        string // the directory of our own key file; may be empty
	Name       string // of our own key file, and of the keyring's entry; empty is the token cache's
	Keyring    Keyring
	PassPhrase func(context.Context, secret.Source) (secret.Value, error)
	Getenv     func(string) string
}

// KeySource knows where the key is. It is safe for concurrent use.
type KeySource struct {
	place place
	mu    sync.Mutex
	key   Key // the zero Key until it was had once
}

// place is one way to have a key.
type place interface {
	open(ctx context.Context) (Key, error) // makes the key on first use, if it can
	status(ctx context.Context) Status     // changes nothing and asks nobody
}

// ParseKeySource reads a setting such as cache.key: file (also when empty),
// file:PATH, keyring, passphrase:SOURCE or systemd:NAME. ErrUsage for anything
// else. Nothing is opened yet.
func ParseKeySource(setting string, env Env) (*KeySource, error) {
	kind, arg, named := strings.Cut(setting, ":")
	var p place
	var err error
	switch {
	case setting == "" || setting == "file":
		p = newFileKey(env)
	case setting == "keyring":
		p = keyringKey{ring: env.Keyring, dir: env.Dir, name: env.name()}
	case kind == "file" && named:
		p, err = explicitFileKey(arg, env)
	case kind == "passphrase" && named:
		p, err = newPassKey(arg, env)
	case kind == "systemd" && named:
		p, err = newSystemdKey(arg, env)
	default:
		// Not repeated: somebody may have written a pass phrase in the open.
		err = pam.Failf(pam.ErrUsage, "%s does not name a place for a key", env.setting()).
			WithHint("use one of file, file:PATH, keyring, passphrase:SOURCE, systemd:NAME")
	}
	if err != nil {
		return nil, err
	}
	return &KeySource{place: p}, nil
}

// Key returns the key, made on first use where the place allows it. Of many
// processes that make it at once, all get the same. It is kept until the
// process ends; a failure is not kept. The error wraps ErrNoPlace when nobody
// chose a place and the default one can't be written.
func (s *KeySource) Key(ctx context.Context) (Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.key.IsZero() {
		return s.key, nil
	}
	key, err := s.place.open(ctx)
	if err == nil {
		s.key = key
	}
	return key, err
}

// Status describes the place for a person. It makes no key and asks for no
// pass phrase.
func (s *KeySource) Status(ctx context.Context) Status { return s.place.status(ctx) }

// Status is what can be said about the place of a key.
type Status struct {
	Source string // the setting, without what may be secret in it
	Path   string // the file that holds it; empty when it is in no file
	Made   bool   // there is a key already
	Opened string // how a command gets at it
	Err    error  // why it can't be used; nil when it can
}

// Available reports whether the key can be used, or made.
func (s Status) Available() bool { return s.Err == nil }

func (e Env) name() string {
	if e.Name == "" {
		return keyName
	}
	return e.Name
}

// setting is what names the place of the key.
func (e Env) setting() string {
	if e.Name == "" {
		return "cache.key"
	}
	return "key"
}

// loss tells what it means to lose the key.
func (e Env) loss() string {
	if e.Name == "" {
		return "without it what it opened is lost: remove the wrapped key, and redim signs in anew"
	}
	return "without it nothing in the store can be opened"
}

func (e Env) absolute(path string) error {
	if filepath.IsAbs(path) {
		return nil
	}
	return pam.Failf(pam.ErrUsage, "%s names %q, which is not an absolute path", e.setting(), path).
		WithHint("write the whole path, for example file:/etc/redim/key")
}
