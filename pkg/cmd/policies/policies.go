// Package policies is the command group policies of vault: the rules by which
// credentials are checked out.
package policies

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// New makes the group.
func New(app *vaultcli.App) *cobra.Command {
	return cli.Group("policies", "Keep the rules of check-outs",
		`Keep policies: who must approve a check-out and how long that may take, how many may
hold a credential at once, for how long, and what happens after. A credential names
its policy; one that names none has the built-in policy, which asks for no approval
and lets one holder at a time have it.

Exit codes: 0; 2 an unknown command.`,
		NewNew(app, nil),
		NewList(app, nil),
		NewShow(app, nil),
		NewEdit(app, nil),
		NewDelete(app, nil),
	)
}
