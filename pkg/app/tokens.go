package app

import (
	"context"
	"slices"
	"time"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/keyring"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/tokencache"
)

// tokens opens the token cache. Without a place for it, tokens are not kept,
// and the cache says so when it is first asked.
func (w *wiring) tokens(s *config.Settings, o tokencache.Options) (*cli.Tokens, error) {
	key, err := w.keySource(s)
	if err != nil {
		return nil, err
	}
	dir, _ := w.Paths.CacheDir()
	o.Dir, o.Fingerprint, o.Profile, o.Key = dir, s.Fingerprint(), s.Profile, key.Key
	o.TTL, o.Now, o.Warn = s.Cache.TokenTTL, w.Now, w.Warn
	return &cli.Tokens{Key: key, Store: tokencache.Open(o)}, nil
}

// looseToken is a live token that is kept nowhere.
type looseToken struct{ logOut func(context.Context) error }

func (w *wiring) keepLoose(t looseToken) {
	w.looseMu.Lock()
	defer w.looseMu.Unlock()
	w.loose = append(w.loose, t)
}

// endWait bounds how long a command that is done waits for tokens to end.
const endWait = 5 * time.Second

// end ends the tokens that nobody can use any more, the delegation identity's
// last: there is a limit to how many of them may live.
func (w *wiring) end() {
	w.looseMu.Lock()
	loose := w.loose
	w.loose = nil
	w.looseMu.Unlock()
	if len(loose) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), endWait)
	defer cancel()
	for _, t := range slices.Backward(loose) {
		_ = t.logOut(ctx) // one that does not end now expires
	}
}

// keySource is where the key of what we encrypt is.
func (w *wiring) keySource(s *config.Settings) (*seal.KeySource, error) {
	dir, _ := w.Paths.StateDir()
	return seal.ParseKeySource(s.Cache.Key, seal.Env{
		Dir: dir, Getenv: w.Getenv, Keyring: keyring.System(),
		PassPhrase: func(ctx context.Context, source secret.Source) (secret.Value, error) {
			r := w.resolver(s)
			r.Label = "Pass phrase of the token cache"
			return r.Resolve(ctx, source)
		},
	})
}
