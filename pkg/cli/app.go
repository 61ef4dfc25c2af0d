package cli

import (
	"context"
	"time"

	"github.com/redim-tools/redim/pkg/build"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/dialectcache"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/journal"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/tokencache"
)

// App is what a command is given: the streams, the global flags, and
// constructors that do their work when a command calls them. The wiring fills
// it once; nothing changes it afterwards, but for cobra filling Globals.
type App struct {
	Name    string // redim or vault
	Build   func() build.Info
	Streams *term.Streams
	Getenv  func(string) string
	Environ func() []string // NAME=VALUE of all variables
	Now     func() time.Time
	Globals Globals
	JSON    bool // the command line asks for JSON, so talk is JSON too

	// Prompt asks the person at the terminal, or refuses.
	Prompt func() prompt.Prompter
	// Paths finds the user's directories.
	Paths config.Paths
	// Load reads a profile without checking it; empty is the one that
	// --profile names.
	Load func(profile string) (*config.Settings, error)
	// LoadSaved does so without --set: what another call would use.
	LoadSaved func(profile string) (*config.Settings, error)
	// Again runs another command line of the same tree, with its own streams
	// and environment, and returns its exit code.
	Again func(ctx context.Context, streams *term.Streams, getenv func(string) string, args []string) int
	// Resolver reads secrets from their sources.
	Resolver func(*config.Settings) secret.Resolver
	// StoreSecret keeps a secret in the keyring, or in the encrypted secrets
	// file where there is none, and returns its source.
	StoreSecret func(ctx context.Context, s *config.Settings, name string, v secret.Value) (secret.Source, error)
	// ForgetSecret removes a secret that StoreSecret kept. That there is none any
	// more is fine.
	ForgetSecret func(ctx context.Context, s *config.Settings, src secret.Source) error
	// Service signs in to RED IM with checked settings.
	Service func(*config.Settings) (*Service, error)
	// Logouts finds what ends the tokens that were made under settings.
	Logouts func(*config.Settings) (func(ctx context.Context, token secret.Value) error, error)
	// Probe asks the installation that settings name what it has. It signs in
	// as nobody; of the settings only how to get there must be right.
	Probe func(ctx context.Context, s *config.Settings) (dialect.Survey, error)
	// Dialects remembers the dialect that a profile's service was found to speak.
	Dialects func(*config.Settings) *dialectcache.Store
	// Tokens opens the token cache as a profile sees it.
	Tokens func(*config.Settings) (*Tokens, error)
	// End ends what must not outlive the command; it is called once, last.
	End func()
	// Journal finds the record of checkouts.
	Journal func() (*journal.Journal, error)
}

// Service is one RED IM service, ready to be asked.
type Service struct {
	*engine.Engine
}

// Tokens is the token cache, and where its key is.
type Tokens struct {
	*tokencache.Store
	Key *seal.KeySource
}

// Globals are the flags that every command takes.
type Globals struct {
	Config     string
	Profile    string
	Set        []string
	AcceptRisk []string
	NoInput    bool
	Trace      bool
	Store      string // vault only
	Server     string // as above
}

// ConfigOptions say which settings Load reads, and with what on top.
func (a *App) ConfigOptions() config.Options {
	return config.Options{Path: a.Globals.Config, Profile: a.Globals.Profile, Set: a.Globals.Set, Store: a.Globals.Store, Server: a.Globals.Server, Getenv: a.Getenv, Tool: a.Name}
}

// Settings loads the profile and refuses it when anything is wrong.
func (a *App) Settings() (*config.Settings, error) { return a.SettingsOf("") }

// SettingsOf does so for one profile.
func (a *App) SettingsOf(profile string) (*config.Settings, error) {
	s, err := a.Load(profile)
	if err != nil {
		return nil, err
	}
	return s, s.Validate(a.Globals.AcceptRisk)
}
