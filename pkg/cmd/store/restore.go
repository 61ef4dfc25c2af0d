package store

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
)

// RestoreOptions are what "store restore" was told.
type RestoreOptions struct {
	File   string
	Yes    bool
	DryRun bool

	Say    func(format string, args ...any)
	Prompt func() prompt.Prompter
	Find   Finder
}

// NewRestore makes the command. runF replaces its run in tests; nil is the real one.
func NewRestore(app *vaultcli.App, runF func(context.Context, *RestoreOptions) error) *cobra.Command {
	opts := &RestoreOptions{Say: app.Say, Prompt: app.Prompt, Find: app.Storage}
	cmd := &cobra.Command{
		Use:   "restore <file>",
		Short: "Put a backup in the place of a SQLite store",
		Long: `Put a backup in the place of the SQLite store, after a question; a script says --yes.
The backup is checked before, and migrated after, if it is older. All that was
written since the backup is gone, events too, and what is checked out now the store
does not know any more: take a backup of it before. A store that is damaged is put
aside, not overwritten.

Exit codes: 0; 2 the backup is not whole, or nobody can be asked and --yes is not
given; 106 there is no such file; 109 the store can't be opened; 110 it can't be
written to; 130 the answer was no.`,
		Example: `  vault store restore vault-monday.db
  vault store restore vault-monday.db --dry-run`,
		Args: cli.ExactArgs("the path of a backup"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.File = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runRestore(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check the backup; change nothing")
	return cmd
}

func runRestore(ctx context.Context, opts *RestoreOptions) error {
	at, err := opts.Find()
	if err != nil {
		return err
	}
	if at.Path == "" {
		return pam.Failf(pam.ErrUsage, "%s is no SQLite file", at.Address).WithHint("restore a PostgreSQL database with its own tools: pg_restore")
	}
	if err := opts.check(ctx, at); err != nil || opts.DryRun {
		return err
	}
	if err := opts.confirm(ctx, at); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, vaultcli.Patience)
	defer cancel()
	aside, err := at.Restore(ctx, opts.File)
	if aside != "" {
		opts.Say("the damaged store is kept as %s", aside)
	}
	if err != nil {
		return err
	}
	opts.Say("restored %s from %s; see whether its events are whole: vault events verify", at.Address, opts.File)
	return nil
}

// check refuses a backup that is not whole before a question is asked.
func (o *RestoreOptions) check(ctx context.Context, at vaultcli.Storage) error {
	found, err := at.CheckBackup(ctx, o.File)
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Level == vaultcli.LevelFault {
			return pam.Failf(pam.ErrUsage, "the backup %s can't be restored: %s", o.File, f.Text).WithHint("take another backup; nothing was changed")
		}
	}
	if o.DryRun {
		o.Say("would put %s in the place of %s", o.File, at.Address)
	}
	return nil
}

func (o *RestoreOptions) confirm(ctx context.Context, at vaultcli.Storage) error {
	if o.Yes {
		return nil
	}
	sure, err := o.Prompt().Confirm(ctx, prompt.Question{
		Label: "Put " + o.File + " in the place of " + at.Path + "? What was written since is gone", Flag: "--yes"})
	if err == nil && !sure {
		err = pam.Failf(pam.ErrInterrupted, "nothing was restored").WithHint("answer y, or say --yes in a script")
	}
	return err
}
