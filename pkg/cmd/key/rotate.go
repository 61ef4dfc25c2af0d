package key

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// RotateOptions are what "key rotate" was told.
type RotateOptions struct {
	To     string
	DryRun bool

	Say  func(format string, args ...any)
	Find Finder
	Open vaultcli.Opener
}

// NewRotate makes the command. runF replaces its run in tests; nil is the real one.
func NewRotate(app *vaultcli.App, runF func(context.Context, *RotateOptions) error) *cobra.Command {
	opts := &RotateOptions{Say: app.Say, Find: app.MasterKey, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: "Give the store a new master key",
		Long: `Make a new master key, and wrap every secret in the store by it instead of the old
one; nothing is sealed anew, and check-outs go on meanwhile. Interrupted and run
again, it does the rest. Afterwards the old key opens nothing in the store, but it
still opens the backups that were made before: keep it as long as those.

A key in a file is followed by one in the same file; the old one stays beside it,
under its id. --to moves the key to another place, in the words of the setting key;
set that setting to it afterwards.

Exit codes: 0; 1 the old key can't be had; 2 the new key can't be where --to says; 103
all is wrapped anew, but what was there before could not be removed from the database;
107 another rotation runs; 109 the store can't be opened; 110 it can't be written to.`,
		Example: `  vault key rotate
  vault key rotate --to keyring
  vault key rotate --dry-run`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runRotate(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.To, "to", "", "`place` of the new key: file, file:PATH, keyring, passphrase:SOURCE or systemd:NAME")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what would be wrapped anew; change nothing")
	cli.Complete(cmd, "to", "file", "file:", "keyring", "passphrase:", "systemd:")
	return cmd
}

func runRotate(ctx context.Context, opts *RotateOptions) error {
	place, err := opts.Find(ctx)
	if err != nil {
		return err
	}
	if err := place.CanRotate(opts.To); err != nil {
		return err
	}
	if opts.DryRun {
		return opts.rehearse(ctx)
	}
	const often = 1000
	told := 0
	done, err := place.Rotate(ctx, opts.To, func(rewrapped int) {
		if rewrapped-told >= often {
			told = rewrapped
			opts.Say("wrapped %d secrets", rewrapped)
		}
	})
	if err != nil {
		return err
	}
	opts.Say("the master key is %s now, in %s; %d secrets were wrapped by it: back it up, apart from the store", done.To, done.New, done.Rewrapped)
	if done.Old != "" {
		opts.Say("the old one, %s, is in %s still; it opens backups that were made before, and nothing in the store", done.From, done.Old)
	}
	if opts.To != "" {
		opts.Say("from now on commands need the new place: vault config set key %s", opts.To)
	}
	return nil
}

func (o *RotateOptions) rehearse(ctx context.Context) error {
	return o.Open.With(ctx, func(v *vaultcli.Vault) error {
		st, err := v.KeyStatus(ctx)
		if err != nil {
			return err
		}
		var secrets int64
		for _, w := range st.Wrappings {
			secrets += w.Secrets
		}
		o.Say("would make a new master key, and wrap %d secrets by it instead of by %s", secrets, st.Master)
		return nil
	})
}
