// Package store is the command group store: it looks after the store itself, be
// it a SQLite file or a PostgreSQL database.
package store

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// New makes the group.
func New(app *vaultcli.App) *cobra.Command {
	return cli.Group("store", "Look after the store",
		`Tell where the store is, check it, bring it to the schema of this program, and keep
and put back copies of it.

Exit codes: 0; 2 an unknown command.`,
		NewPath(app, nil),
		NewCheck(app, nil),
		NewMigrate(app, nil),
		NewBackup(app, nil),
		NewRestore(app, nil),
	)
}

// Finder is App.Storage, as the options of a command hold it.
type Finder func() (vaultcli.Storage, error)
