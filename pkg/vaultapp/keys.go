package vaultapp

import (
	"context"
	"errors"
	"io/fs"

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
	to       string // the setting that a rotation moves to; empty: it stays
}

func (w *wiring) keys(s *config.Settings) keys { return keys{wiring: w, settings: s} }

// source is the place that a setting names.
func (k keys) source(setting string) (*seal.KeySource, error) {
	dir, _ := k.Paths.DataDir() // without one, only a key that is elsewhere can be had
	var of *seal.KeySource
	of, err := seal.ParseKeySource(setting, seal.Env{
		Dir: dir, Name: keyFile, Getenv: k.Getenv, Keyring: keyring.System(),
		PassPhrase: func(ctx context.Context, source secret.Source) (secret.Value, error) {
			return k.passPhrase(ctx, source, !of.Status(ctx).Made)
		},
	})
	return of, err
}

// passPhrase asks twice for the one that a new key gets: nobody could open it,
// did it hold a slip.
func (k keys) passPhrase(ctx context.Context, source secret.Source, first bool) (secret.Value, error) {
	r := k.Resolver(k.settings)
	r.Label = "Pass phrase of the master key"
	r.Prompt = func(ctx context.Context, label string) (secret.Value, error) {
		q := prompt.Question{Label: label, Flag: "--set key=passphrase:SOURCE"}
		if first {
			return prompt.NewSecret(ctx, k.Prompt(), q)
		}
		return k.Prompt().Secret(ctx, q)
	}
	return r.Resolve(ctx, source)
}

// places are the settings where a key may be, the present one first.
func (k keys) places() []string {
	if k.to == "" {
		return []string{k.settings.Key}
	}
	return []string{k.to, k.settings.Key}
}

// Current is the key where the setting says, made on first use.
func (k keys) Current(ctx context.Context) (vault.Key, error) {
	source, err := k.source(k.places()[0])
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
	var failed error
	for _, setting := range k.places() {
		key, err := k.findAt(ctx, setting, id)
		if err == nil {
			return key, nil
		}
		failed = errors.Join(failed, err)
	}
	return nil, failed
}

func (k keys) findAt(ctx context.Context, setting, id string) (vault.Key, error) {
	source, err := k.source(setting)
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
	// One that a rotation has left behind.
	if old, err := seal.OpenFile(seal.Retired(status.Path, id)); status.Path != "" && err == nil && old.ID() == id {
		return old, nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return nil, pam.Failf(pam.ErrNotFound, "%s holds another key, %s", where(status), key.ID())
}
