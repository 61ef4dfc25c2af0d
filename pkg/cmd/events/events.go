// Package events is the command group events: the record of what happened, which
// can be read and verified, and not changed.
package events

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// New makes the group.
func New(app *vaultcli.App) *cobra.Command {
	return cli.Group("events", "Read and verify the record of events",
		`Read the record of what happened to integrations, credentials, policies, requests,
check-outs and keys; verify that it is as it was written; and hand it on. It outlives
what it is about.

Exit codes: 0; 2 an unknown command.`,
		NewList(app, nil),
		NewVerify(app, nil),
		NewExport(app, nil),
		NewReleased(app, nil),
		NewSkips(app, nil),
	)
}
