package requests

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/vault"
)

// DropOptions are what "requests drop" was told.
type DropOptions struct {
	ID string
	Result
	Open   vaultcli.Opener
	Remote vaultcli.Remotely
}

// NewDrop makes the command. runF replaces its run in tests; nil is the real one.
func NewDrop(app *vaultcli.App, runF func(context.Context, *DropOptions) error) *cobra.Command {
	opts := &DropOptions{Result: newResult(app), Open: app.Open, Remote: app.Remote}
	cmd := &cobra.Command{
		Use:   "drop <id>",
		Short: "Withdraw a request",
		Long: `Withdraw a request that is pending, or approved and not collected: your own, or, as an
administrator, anybody's. The record says who did. The beginning of the id will do.
With --server it is one of the integration, at that server, and the id is needed in full.

Exit codes: 0; 2 several ids begin so; 106 there is no such request; 107 it is closed already; 109 the store
can't be opened; 110 it can't be written to.`,
		Example:           `  vault requests drop 01998b6e-2f5a-7c31-9d04-7be0a4a3c1f2`,
		Args:              oneID,
		ValidArgsFunction: app.Complete(waiting(vault.RequestPending, vault.RequestApproved)),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.ID = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runDrop(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check whether it could be withdrawn; withdraw nothing")
	app.ServerFlag(cmd)
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runDrop(ctx context.Context, opts *DropOptions) error {
	server, err := opts.Remote()
	if err != nil {
		return err
	}
	if server != nil {
		return runDropAt(ctx, opts, server)
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		id, err := v.RequestID(ctx, opts.ID)
		if err != nil {
			return err
		}
		r, err := opts.Service(v).Drop(ctx, v.Actor, id)
		if err != nil {
			return err
		}
		opts.Say("%s request %s of %s for %s", opts.Verb("dropped", "drop"), r.ID, r.Requester.Name, r.Credential)
		return opts.show(r)
	})
}
