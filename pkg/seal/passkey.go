package seal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

const (
	wrappedEnd = ".wrapped" // what follows the name of the key
	held       = time.Hour  // after its last use the kernel forgets the key
)

// keeper holds an opened key outside of any file, between commands.
type keeper interface {
	get(name string) (secret.Value, error) // errNotKept when it does not hold it
	put(name string, v secret.Value) error
	usable() error
}

var errNotKept = errors.New("not kept")

// passKey keeps a random key on disk, wrapped under a pass phrase. Deriving
// from the pass phrase is slow on purpose, so the opened key stays with the
// kernel, where there is one that keeps keys.
type passKey struct {
	path   string
	loss   string // what it means to lose the key
	source secret.Source
	ask    func(context.Context, secret.Source) (secret.Value, error)
	keeper keeper
}

func newPassKey(text string, env Env) (*passKey, error) {
	source, err := secret.ParseSource(text)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "%s: %w", env.setting(), err).WithHint("write passphrase:SOURCE, for example passphrase:cmd:pass show redim")
	}
	if source.Kind == secret.KindSecrets {
		return nil, pam.Failf(pam.ErrUsage, "the pass phrase of %s can not come from the secrets file", env.setting()).
			WithHint("take it from cmd:, file:, env:, keyring: or prompt")
	}
	if env.Dir == "" {
		return nil, pam.Failf(pam.ErrUsage, "no place for the wrapped key: there is no state directory").WithHint("set HOME or REDIM_STATE_DIR")
	}
	return &passKey{path: filepath.Join(env.Dir, env.name()+wrappedEnd), loss: env.loss(), source: source, ask: env.PassPhrase, keeper: systemKeeper()}, nil
}

func (p *passKey) open(ctx context.Context) (Key, error) {
	if key, err := p.fromKeeper(); err == nil {
		return key, nil
	}
	if err := atomicfile.MakePrivateDir(filepath.Dir(p.path)); err != nil {
		return Key{}, err
	}
	release, err := atomicfile.Lock(ctx, p.path+".lock")
	if err != nil {
		return Key{}, busy(p.path, err)
	}
	defer release()
	if key, err := p.fromKeeper(); err == nil {
		return key, nil
	}
	phrase, err := p.phrase(ctx)
	if err != nil {
		return Key{}, err
	}
	return p.derive(phrase)
}

// derive opens the wrapped key, or makes one on first use, and hands it to the
// keeper. A keeper that takes nothing costs time at the next command only.
func (p *passKey) derive(phrase secret.Value) (Key, error) {
	blob, err := readPrivate(p.path)
	var key Key
	switch {
	case errors.Is(err, fs.ErrNotExist):
		key = GenerateKey()
		if blob, err = wrap(key, phrase); err == nil {
			err = atomicfile.Write(p.path, blob, 0o600)
		}
	case err == nil:
		key, err = unwrap(blob, phrase)
	}
	if err != nil {
		return Key{}, p.explain(err)
	}
	_ = p.keeper.put(keeperName(blob), key.root)
	return key, nil
}

func (p *passKey) explain(err error) error {
	switch {
	case errors.Is(err, errWrongPhrase):
		return pam.Failf(pam.ErrUsage, "the pass phrase from %s does not open %s", p.source, p.path).
			WithHint("give the pass phrase of the first use; %s", p.loss)
	case errors.Is(err, errNotWrapped):
		return pam.Failf(pam.ErrUsage, "%s holds no wrapped key", p.path).
			WithHint("restore it from a backup; %s", p.loss)
	}
	return err
}

func (p *passKey) fromKeeper() (Key, error) {
	blob, err := readPrivate(p.path)
	if err != nil {
		return Key{}, err
	}
	v, err := p.keeper.get(keeperName(blob))
	if err != nil {
		return Key{}, err
	}
	return NewKey(v)
}

func (p *passKey) phrase(ctx context.Context) (secret.Value, error) {
	if p.ask == nil {
		return secret.Value{}, pam.Failf(pam.ErrUsage, "nobody to ask for the pass phrase from %s", p.source).WithHint("choose another place for the key")
	}
	phrase, err := p.ask(ctx, p.source)
	if err == nil && phrase.IsEmpty() {
		err = pam.Failf(pam.ErrUsage, "the pass phrase from %s is empty", p.source).WithHint("an empty pass phrase protects nothing; use a key file if that is meant")
	}
	return phrase, err
}

func (p *passKey) status(context.Context) Status {
	s := Status{Source: "passphrase:" + p.source.String(), Path: p.path}
	_, err := readPrivate(p.path)
	s.Made = err == nil
	if !errors.Is(err, fs.ErrNotExist) {
		s.Err = err
	}
	s.Opened = p.howOpened()
	return s
}

func (p *passKey) howOpened() string {
	if err := p.keeper.usable(); err != nil {
		return "derived from the pass phrase at every command, which takes a moment: the kernel can not hold it (" + err.Error() + ")"
	}
	if _, err := p.fromKeeper(); err == nil {
		return "held by the kernel until an hour after its last use"
	}
	return "derived from the pass phrase at the next command, then held by the kernel until an hour after its last use"
}

// keeperName is another one for every wrapped key, and tells nothing about it.
func keeperName(blob []byte) string {
	sum := sha256.Sum256(blob)
	return "redim:key:" + hex.EncodeToString(sum[:16])
}
