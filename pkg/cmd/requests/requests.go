// Package requests is the command group requests of vault: who asks for a
// credential that needs approval, and who lets them have it.
package requests

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/vault"
)

// New makes the group.
func New(app *vaultcli.App) *cobra.Command {
	return cli.Group("requests", "List and decide requests for approval",
		`List the check-outs that wait for approval, and approve, deny or drop them. A policy
says how many must approve and who may; nobody decides a request of their own. A wait
that is over is rejected or accepted, as the policy says, without anybody looking.

You are who the operating system says this process runs as, by its user id; the
variables USER, LOGNAME and SUDO_USER do not count. So under sudo you are root, and
two people who share an account are one to the vault.

Exit codes: 0; 2 an unknown command.`,
		NewList(app, nil),
		NewShow(app, nil),
		NewDecide(app, true, nil),
		NewDecide(app, false, nil),
		NewDrop(app, nil),
	)
}

// oneID wants one request as the argument.
func oneID(cmd *cobra.Command, args []string) error {
	return cli.ExactArgs("the id of a request")(cmd, args)
}

// waiting are the words that name requests in some states.
func waiting(states ...vault.RequestState) vaultcli.Words {
	return func(ctx context.Context, v *vaultcli.Vault, _ string) ([]cobra.Completion, error) {
		page, err := v.Requests(ctx, vault.RequestCriteria{States: states, Paging: vault.Paging{Limit: vault.DefaultPage}}, "")
		out := make([]cobra.Completion, 0, len(page.Items))
		for _, r := range page.Items {
			out = append(out, cobra.CompletionWithDesc(r.ID, r.Credential+" for "+r.Requester.Name))
		}
		return out, err
	}
}
