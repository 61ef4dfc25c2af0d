package app

import (
	"context"
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
func (w *wiring) tokens(s *config.Settings, clockOffset func() time.Duration) (*cli.Tokens, error) {
	key, err := w.keySource(s)
	if err != nil {
		return nil, err
	}
	dir, _ := w.Paths.CacheDir()
	return &cli.Tokens{Key: key, Store: tokencache.Open(tokencache.Options{
		Dir: dir, Fingerprint: s.Fingerprint(), Profile: s.Profile, Key: key.Key,
		TTL: s.Cache.TokenTTL, ClockOffset: clockOffset, Now: w.Now, Warn: w.Warn,
	})}, nil
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
