// Package integrations is the command group integrations: the records of the
// applications that check credentials out. What a record may hold is the
// business of package vault; here are flags, questions and words.
package integrations

import (
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// New makes the group.
func New(app *vaultcli.App) *cobra.Command {
	return cli.Group("integrations", "Search and keep the records of applications",
		`Search, make, change and delete the records of the applications that check
credentials out: how each authenticates, from which addresses, what it may have,
for how long and why.

Exit codes: 0; 2 an unknown command.`,
		NewSearch(app, nil),
		NewNew(app, nil),
		NewShow(app, nil),
		NewEdit(app, nil),
		NewDelete(app, nil),
		NewActivate(app, nil),
		NewDeactivate(app, nil),
		NewRotateCredential(app, nil),
		NewTest(app, nil),
		NewImport(app, nil),
		NewExport(app, nil),
	)
}
