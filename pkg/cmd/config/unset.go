package config

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/secret"
)

// UnsetOptions are what "config unset" was told.
type UnsetOptions struct {
	Key    string
	Forget bool // what config set keeps for the key
	DryRun bool

	Command string // "redim"
	Say     func(format string, args ...any)
	Place   func() (Place, error)
	// Remove removes a secret that config set kept.
	Remove func(ctx context.Context, s *config.Settings, src secret.Source) error
}

// NewUnset makes the command. runF replaces its run in tests; nil is the real one.
func NewUnset(app *cli.App, runF func(context.Context, *UnsetOptions) error) *cobra.Command {
	opts := &UnsetOptions{Command: app.Name, Say: app.Say, Place: placeOf(app), Remove: remover(app)}
	cmd := &cobra.Command{
		Use:   "unset <key>",
		Short: "Take one setting out of the file",
		Long: `Take one setting of a profile, or one entry of a map as KEY.ENTRY, out of the
settings file, so that its default holds again. The password that "config set" kept
for api_password stays where it is; with --forget it is removed from there too.

Exit codes: 0, also when it was not set; 2 an unknown key, or --forget where
nothing is kept; 1 the file can't be written, or the password can't be removed.`,
		Example: `  redim config unset default_domain
  redim config unset template_jobs.linux --dry-run
  redim config unset api_password --forget`,
		Args:              cli.ExactArgs("the key of a setting"),
		ValidArgsFunction: completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Key = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runUnset(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Forget, "forget", false, "remove the password too that \"config set\" kept for it")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what would change, and change nothing")
	return cmd
}

func runUnset(ctx context.Context, opts *UnsetOptions) error {
	place, err := opts.Place()
	if err != nil {
		return err
	}
	removed, now := false, ""
	var was kept
	unset := func(f *config.File) (err error) {
		was = keptFor(f, place, opts.Key)
		removed, err = f.Unset(place.Profile, opts.Key)
		now = valueIn(f, place.Profile, opts.Key)
		return err
	}
	// A file without the key is not touched, nor made.
	if err := place.rehearse(unset); err != nil {
		return err
	}
	if err := opts.mayForget(was); err != nil {
		return err
	}
	if !removed {
		opts.Say("%s is not set in %s", opts.Key, place)
		return nil
	}
	if opts.Forget && !opts.DryRun {
		if err := opts.Remove(ctx, was.settings, was.source); err != nil {
			return err
		}
	}
	if !opts.DryRun {
		if err := place.change(ctx, unset); err != nil {
			return err
		}
	}
	opts.Say("%s %s from %s; %s", would(opts.DryRun, "removed", "remove"), opts.Key, place, afterwards(now))
	opts.sayKept(was)
	return nil
}

func afterwards(now string) string {
	if now == "" {
		return "it is not set now"
	}
	return "it is " + now + " now"
}
