package store

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
)

// MigrateOptions are what "store migrate" was told.
type MigrateOptions struct {
	DryRun bool

	Say  func(format string, args ...any)
	Find Finder
}

// NewMigrate makes the command. runF replaces its run in tests; nil is the real one.
func NewMigrate(app *vaultcli.App, runF func(context.Context, *MigrateOptions) error) *cobra.Command {
	opts := &MigrateOptions{Say: app.Say, Find: app.Storage}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the store to this program's schema",
		Long: `Apply the migrations that the store lacks, each in one transaction. Interrupted and
run again, it does the rest. A SQLite file is migrated by every command by itself; a
PostgreSQL database is migrated here and nowhere else.

An older program refuses a newer schema: migrate when all programs are new enough,
and take a backup before.

Exit codes: 0, also when nothing is to be done; 2 the address can't be; 109 the store
can't be opened, or has a newer schema; 110 it can't be written to.`,
		Example: `  vault store migrate
  vault store migrate --dry-run --store postgres://vault@db.example.com/vault`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runMigrate(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what the store lacks; change nothing")
	return cmd
}

func runMigrate(ctx context.Context, opts *MigrateOptions) error {
	at, err := opts.Find()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, vaultcli.Patience)
	defer cancel()
	if opts.DryRun {
		return opts.rehearse(ctx, at)
	}
	names, err := at.Migrate(ctx)
	for _, name := range names {
		opts.Say("applied %s", name)
	}
	if err == nil && len(names) == 0 {
		opts.Say("%s lacks no migration", at.Address)
	}
	return err
}

func (o *MigrateOptions) rehearse(ctx context.Context, at vaultcli.Storage) error {
	found, err := at.Check(ctx)
	if errors.Is(err, pam.ErrNotFound) {
		o.Say("would make %s", at.Address)
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Name == "schema" {
			o.Say("%s: %s", at.Address, f.Text)
		}
	}
	return nil
}
