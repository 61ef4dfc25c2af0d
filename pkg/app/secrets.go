package app

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/keyring"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/secretfile"
)

// resolver reads the secrets that the settings name.
func (w *wiring) resolver(s *config.Settings) secret.Resolver {
	return secret.Resolver{
		Getenv:  w.Getenv,
		Keyring: keyring.System().Get,
		SecretsFile: func(ctx context.Context, name string) (secret.Value, error) {
			file, err := w.secretsFile(s)
			if err != nil {
				return secret.Value{}, err
			}
			return file.Get(ctx, name)
		},
		Prompt: func(ctx context.Context, label string) (secret.Value, error) {
			return w.Prompt().Secret(ctx, prompt.Question{Label: label, Flag: "--set api_password=env:NAME"})
		},
		Stdin: w.Streams.In,
		Label: "API password",
		Warn:  w.Warn,
	}
}

// storeSecret keeps a secret in the keyring. Where that can't be used it tells
// why, and takes the encrypted secrets file.
func (w *wiring) storeSecret(ctx context.Context, s *config.Settings, name string, v secret.Value) (secret.Source, error) {
	err := keyring.System().Set(ctx, name, v)
	if err == nil {
		return secret.Source{Kind: secret.KindKeyring, Arg: name}, nil
	}
	if errors.Is(err, pam.ErrInterrupted) {
		return secret.Source{}, err
	}
	w.Warn(err.Error() + "; using the encrypted secrets file")
	file, err := w.secretsFile(s)
	if err != nil {
		return secret.Source{}, err
	}
	return secret.Source{Kind: secret.KindSecrets, Arg: name}, file.Set(ctx, name, v)
}

func (w *wiring) forgetSecret(ctx context.Context, s *config.Settings, src secret.Source) error {
	var err error
	switch src.Kind {
	case secret.KindKeyring:
		err = keyring.System().Delete(ctx, src.Arg)
	case secret.KindSecrets:
		var file *secretfile.File
		if file, err = w.secretsFile(s); err == nil {
			err = file.Delete(ctx, src.Arg)
		}
	default:
		return pam.Failf(pam.ErrUsage, "the secret of %s is not ours to remove", src).WithHint("only what config set keeps, in the keyring or in the encrypted secrets file, is removed")
	}
	if errors.Is(err, pam.ErrNotFound) {
		return nil
	}
	return err
}

// secretsFile is the encrypted secrets file, in the state directory beside the
// key file that usually opens it.
func (w *wiring) secretsFile(s *config.Settings) (*secretfile.File, error) {
	dir, err := w.Paths.StateDir()
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "no place for the secrets file: %w", err).WithHint("set HOME or REDIM_STATE_DIR")
	}
	key, err := w.keySource(s)
	if err != nil {
		return nil, err
	}
	return secretfile.New(filepath.Join(dir, "secrets"), key.Key), nil
}
