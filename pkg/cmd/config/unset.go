package config

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
)

// UnsetOptions are what "config unset" was told.
type UnsetOptions struct {
	Key    string
	DryRun bool

	Say   func(format string, args ...any)
	Place func() (Place, error)
}

// NewUnset makes the command. runF replaces its run in tests; nil is the real one.
func NewUnset(app *cli.App, runF func(context.Context, *UnsetOptions) error) *cobra.Command {
	opts := &UnsetOptions{Say: app.Say, Place: placeOf(app)}
	cmd := &cobra.Command{
		Use:   "unset <key>",
		Short: "Take one setting out of the file",
		Long: `Take one setting of a profile, or one entry of a map as KEY.ENTRY, out of the
settings file, so that its default holds again. A password that api_password named
stays where it is kept.

Exit codes: 0, also when it was not set; 2 an unknown key; 1 the file can't be
written.`,
		Example: `  redim config unset default_domain
  redim config unset template_jobs.linux --dry-run`,
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
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what would change, and change nothing")
	return cmd
}

func runUnset(ctx context.Context, opts *UnsetOptions) error {
	place, err := opts.Place()
	if err != nil {
		return err
	}
	removed, now := false, ""
	unset := func(f *config.File) (err error) {
		removed, err = f.Unset(place.Profile, opts.Key)
		now = valueIn(f, place.Profile, opts.Key)
		return err
	}
	// A file without the key is not touched, nor made.
	if err := place.rehearse(unset); err != nil {
		return err
	}
	if !removed {
		opts.Say("%s is not set in %s", opts.Key, place)
		return nil
	}
	if !opts.DryRun {
		if err := place.change(ctx, unset); err != nil {
			return err
		}
	}
	opts.Say("%s %s from %s; %s", would(opts.DryRun, "removed", "remove"), opts.Key, place, afterwards(now))
	return nil
}

func afterwards(now string) string {
	if now == "" {
		return "it is not set now"
	}
	return "it is " + now + " now"
}
