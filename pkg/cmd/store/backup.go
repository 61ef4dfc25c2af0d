package store

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// BackupOptions are what "store backup" was told.
type BackupOptions struct {
	File string

	Say  func(format string, args ...any)
	Find Finder
}

// NewBackup makes the command. runF replaces its run in tests; nil is the real one.
func NewBackup(app *vaultcli.App, runF func(context.Context, *BackupOptions) error) *cobra.Command {
	opts := &BackupOptions{Say: app.Say, Find: app.Storage}
	cmd := &cobra.Command{
		Use:   "backup <file>",
		Short: "Copy a SQLite store as it is now",
		Long: `Write a copy of the SQLite store to a new file, as it is at one moment; everybody may
go on meanwhile. The copy is sealed as the store is: it is of use only with the master
key, which is not in it. Keep a backup of that key too, in another place.

PostgreSQL has tools of its own: pg_dump.

Exit codes: 0; 2 the store is no SQLite file, or the file exists; 106 there is no
store; 109 it can't be opened; 110 the copy can't be written.`,
		Example: `  vault store backup vault-monday.db`,
		Args:    cli.ExactArgs("the path of a new file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.File = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runBackup(cmd.Context(), opts)
		},
	}
	return cmd
}

func runBackup(ctx context.Context, opts *BackupOptions) error {
	at, err := opts.Find()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, vaultcli.Patience)
	defer cancel()
	if err := at.Backup(ctx, opts.File); err != nil {
		return err
	}
	opts.Say("copied %s to %s; without the master key the copy is of no use, and the key is not in it", at.Address, opts.File)
	return nil
}
