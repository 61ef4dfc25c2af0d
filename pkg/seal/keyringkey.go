package seal

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// entry is the name of the keyring's entry.
func (k keyringKey) entry() string {
	if k.name == keyName {
		return "cache-key"
	}
	return strings.ReplaceAll(k.name, ".", "-")
}

// keyringKey keeps the key in the keyring of the operating system.
type keyringKey struct {
	ring Keyring
	dir  string // where processes that make the key at once take turns
	name string // of the key
}

func (k keyringKey) open(ctx context.Context) (Key, error) {
	if k.ring == nil {
		return Key{}, pam.Failf(pam.ErrOther, "there is no OS keyring here").WithHint("choose another place for the key: cache.key: file")
	}
	key, err := k.read(ctx)
	if !errors.Is(err, pam.ErrNotFound) {
		return key, err
	}
	if err := atomicfile.MakePrivateDir(k.dir); err != nil {
		return Key{}, err
	}
	err = locked(ctx, filepath.Join(k.dir, k.name), func() (err error) {
		if key, err = k.read(ctx); !errors.Is(err, pam.ErrNotFound) {
			return err
		}
		key, err = k.make(ctx)
		return err
	})
	return key, err
}

func (k keyringKey) read(ctx context.Context) (key Key, err error) {
	v, err := k.ring.Get(ctx, k.entry())
	if err != nil {
		return Key{}, err
	}
	_ = v.Reveal(func(b []byte) error {
		var ok bool
		if key, ok = parseKey(b); !ok {
			err = pam.Failf(pam.ErrUsage, "the entry %s in the OS keyring holds no key", k.entry()).
				WithHint("remove the entry %s of redim with the system's keyring tool; a new key is then made", k.entry())
		}
		return nil
	})
	return key, err
}

// make stores a new key and returns what the keyring really kept.
func (k keyringKey) make(ctx context.Context) (Key, error) {
	line := secret.New(bytes.TrimSpace(GenerateKey().text()))
	defer line.Wipe()
	if err := k.ring.Set(ctx, k.entry(), line); err != nil {
		return Key{}, err
	}
	return k.read(ctx)
}

func (k keyringKey) status(ctx context.Context) Status {
	s := Status{Source: "keyring", Opened: "read from the OS keyring at every command"}
	if k.ring == nil {
		_, s.Err = k.open(ctx)
		return s
	}
	if s.Err = k.ring.Check(ctx); s.Err == nil {
		_, err := k.read(ctx)
		s.Made = err == nil
		if !errors.Is(err, pam.ErrNotFound) {
			s.Err = err
		}
	}
	return s
}
