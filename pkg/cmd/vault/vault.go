// Package vault is the root of the command vault: a list of its leaves.
package vault

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
)

// New makes the command tree. It touches nothing.
func New(app *cli.App) *cobra.Command {
	groups := []*cobra.Group{{ID: "help", Title: "Help:"}}
	return cli.Root(app, "Keep integration records and their credentials",
		`Keep the records of third-party applications that check credentials out: how they
authenticate, from which addresses, for how long and why.

The commands of this tool are not in this release yet; redim is.`, groups)
}
