package vaultcli

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/api/client"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// App is what a command of vault is given.
type App struct {
	*cli.App

	// Open opens the store that the settings name and the vault over it. A
	// SQLite store and its master key are made on first use.
	Open func(context.Context) (*Vault, error)
	// Storage finds the store without opening it as a vault.
	Storage func() (Storage, error)
	// Remote is the vault serve that the settings name, to be asked as an
	// integration; nil when they name none.
	Remote func() (*client.Client, error)
	// SignIn signs in at the server that a settings file names, and returns the
	// Authorization header of a signed-in application. The caller wipes it.
	SignIn func(ctx context.Context, settings string) (header []byte, err error)
	// Serve answers applications until ctx ends.
	Serve func(context.Context, Serving) error
	// MasterKey finds the place of the master key.
	MasterKey func(context.Context) (MasterKey, error)
}

// Serving says how the vault is served.
type Serving struct {
	Listen string // host:port; empty: as the settings say
	Dev    bool   // on a loopback address, with a self-made certificate
}

// Vault is an open vault, and who works with it.
type Vault struct {
	*vault.Service
	Actor vault.Actor
	Ended vault.Maintained // what was over when it was opened, and was ended then
	Close func() error
}

// Patience is how long a command may take that reads or writes all there is. The
// store gives a single unit of work less, unless its caller says how much.
const Patience = time.Hour

// Opener is App.Open, as the options of a command hold it.
type Opener func(context.Context) (*Vault, error)

// With opens the vault, lets work use it, and closes it.
func (o Opener) With(ctx context.Context, work func(*Vault) error) error {
	v, err := o(ctx)
	if err != nil {
		return err
	}
	return errors.Join(work(v), v.Close())
}

// Secret asks where a secret is and reads it.
type Secret struct {
	Label string // for people: "Credential"
	Flag  string // that names the source: "--credential"
	New   bool   // it is not known yet, so at a terminal it is asked for twice
}

// Read reads a secret from a source as a flag gives it. A secret in its place is
// refused without being repeated.
func (a *App) Read(ctx context.Context, s Secret, source string) (secret.Value, error) {
	src, err := secret.ParseSource(source)
	if err != nil {
		return secret.Value{}, pam.Failf(pam.ErrUsage, "%s takes a source, and what it got is none", s.Flag).
			WithHint("name one: env:NAME, file:PATH, cmd:COMMAND, keyring:NAME, prompt, or - for standard input. If it was the secret itself, choose another one: the shell's history has it now")
	}
	settings, err := a.Settings()
	if err != nil {
		return secret.Value{}, err
	}
	r := a.Resolver(settings)
	r.Label = s.Label
	r.Prompt = func(ctx context.Context, label string) (secret.Value, error) {
		q := prompt.Question{Label: label, Flag: s.Flag}
		if s.New {
			return prompt.NewSecret(ctx, a.Prompt(), q)
		}
		return a.Prompt().Secret(ctx, q)
	}
	return r.Resolve(ctx, src)
}
