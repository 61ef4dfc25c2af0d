// Package dialect is the command group dialect: it shows how the web service is
// spoken to, and what the settings change about it.
package dialect

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
)

// New makes the group.
func New(app *cli.App) *cobra.Command {
	return cli.Group("dialect", "Show how the web service is spoken to",
		`Show the operations of the web service that are used: their names, their members,
and what they rest on. An installation that differs is met with the setting
dialect_operations.

Exit codes: 0; 2 an unknown command.`,
		NewShow(app, nil),
		NewProbe(app, nil),
	)
}
