// Package key is the command group key: the master key, which wraps all that is
// secret in the store.
package key

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// New makes the group.
func New(app *vaultcli.App) *cobra.Command {
	return cli.Group("key", "Look after the master key",
		`Tell where the master key is and what it wraps, and give the store a new one. Every
secret in the store is sealed with a key of its own, which the master key wraps.

Exit codes: 0; 2 an unknown command.`,
		NewStatus(app, nil),
		NewRotate(app, nil),
	)
}

// Finder is App.MasterKey, as the options of a command hold it.
type Finder func(context.Context) (vaultcli.MasterKey, error)
