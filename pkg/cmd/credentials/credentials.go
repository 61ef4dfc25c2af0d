// Package credentials is the command group credentials of vault: the accounts
// whose secrets the store keeps. A secret comes in from a source and never from
// the command line; it goes out by a check-out only.
package credentials

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/secret"
)

// New makes the group.
func New(app *vaultcli.App) *cobra.Command {
	return cli.Group("credentials", "Keep the credentials that are checked out",
		`Keep credentials: a system, an account, and its secret, encrypted in the store in
numbered versions. Each has a policy, which says who must approve, how many may
hold it at once and for how long; without one it is the built-in policy: nobody
must approve, and one holds it at a time.

No command here shows a secret: "vault checkout" does.

Exit codes: 0; 2 an unknown command.`,
		NewAdd(app, nil),
		NewList(app, nil),
		NewShow(app, nil),
		NewEdit(app, nil),
		NewDelete(app, nil),
		NewImport(app, nil),
		NewHistory(app, nil),
	)
}

// Reader reads a secret from a source.
type Reader func(context.Context, vaultcli.Secret, string) (secret.Value, error)
