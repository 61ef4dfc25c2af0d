package vaultapp

import (
	"context"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/keyring"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// keyFile is the name of the master key in the data directory.
const keyFile = "master.key"

// keys finds master keys. Each call looks anew, for another process may have
// rotated.
type keys struct {
	*wiring
	settings *config.Settings
}

func (w *wiring) keys(s *config.Settings) keys { return keys{wiring: w, settings: s} }

func (w *wiring) masterKey() (vaultcli.MasterKey, error) {
	s, err := w.Settings()
	return vaultcli.MasterKey{Keys: w.keys(s)}, err
}

func (k keys) source() (*seal.KeySource, error) {
	dir, _ := k.Paths.DataDir() // without one, only a key that is elsewhere can be had
	return seal.ParseKeySource(k.settings.Key, seal.Env{
		Dir: dir, Name: keyFile, Getenv: k.Getenv, Keyring: keyring.System(), PassPhrase: k.passPhrase,
	})
}

func (k keys) passPhrase(ctx context.Context, source secret.Source) (secret.Value, error) {
	r := k.Resolver(k.settings)
	r.Label = "Pass phrase of the master key"
	r.Prompt = func(ctx context.Context, label string) (secret.Value, error) {
		return k.Prompt().Secret(ctx, prompt.Question{Label: label, Flag: "--set key=passphrase:SOURCE"})
	}
	return r.Resolve(ctx, source)
}

// Current is the key where the setting says, made on first use.
func (k keys) Current(ctx context.Context) (vault.Key, error) {
	source, err := k.source()
	if err != nil {
		return nil, err
	}
	before := source.Status(ctx)
	key, err := source.Key(ctx)
	if err != nil {
		return nil, err
	}
	if !before.Made {
		k.Warn("made the master key (" + where(source.Status(ctx)) + "): back it up, apart from the store; without it nothing in the store can be opened")
	}
	return key, nil
}

func where(s seal.Status) string {
	if s.Path != "" {
		return s.Path
	}
	return s.Source
}

// Find never makes a key: one that is not there is lost, or elsewhere.
func (k keys) Find(ctx context.Context, id string) (vault.Key, error) {
	source, err := k.source()
	if err != nil {
		return nil, err
	}
	status := source.Status(ctx)
	if !status.Made && status.Err == nil {
		return nil, pam.Failf(pam.ErrNotFound, "there is no key at %s", where(status))
	}
	key, err := source.Key(ctx)
	if err != nil {
		return nil, err
	}
	if key.ID() == id {
		return key, nil
	}
	return nil, pam.Failf(pam.ErrNotFound, "%s holds another key, %s", where(status), key.ID())
}
