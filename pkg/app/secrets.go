package app

import (
	"context"

	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/keyring"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/secret"
)

// resolver reads the secrets that the settings name.
func (w *wiring) resolver(*config.Settings) secret.Resolver {
	return secret.Resolver{
		Getenv:  w.Getenv,
		Keyring: keyring.System().Get,
		Prompt: func(ctx context.Context, label string) (secret.Value, error) {
			return w.Prompt().Secret(ctx, prompt.Question{Label: label, Flag: "--set api_password=env:NAME"})
		},
		Stdin: w.Streams.In,
		Label: "API password",
		Warn:  w.Warn,
	}
}
