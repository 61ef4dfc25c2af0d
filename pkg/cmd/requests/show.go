package requests

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// ShowOptions are what "requests show" was told.
type ShowOptions struct {
	ID string
	Result
	Open   vaultcli.Opener
	Remote vaultcli.Remotely
}

// NewShow makes the command. runF replaces its run in tests; nil is the real one.
func NewShow(app *vaultcli.App, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	opts := &ShowOptions{Result: newResult(app), Open: app.Open, Remote: app.Remote}
	cmd := &cobra.Command{
		Use:   "show <id>",
		Short: "Show a request for approval",
		Long: `Show a request: who asks for what, for how long and why, who has decided what, and
until when it waits. The state is the one that time has made it. The beginning of the
id will do. With --server it is one of the integration, at that server, which does not
tell who approves and needs the id in full.

Exit codes: 0; 2 several ids begin so; 106 there is no such request; 109 the store can't be opened.`,
		Example: `  vault requests show 01998b6e-2f5a-7c31-9d04-7be0a4a3c1f2
  vault requests show 01998b6e-2f5a-7c31-9d04-7be0a4a3c1f2 -o json`,
		Args:              oneID,
		ValidArgsFunction: app.Complete(waiting()),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.ID = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runShow(cmd.Context(), opts)
		},
	}
	app.ServerFlag(cmd)
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runShow(ctx context.Context, opts *ShowOptions) error {
	server, err := opts.Remote()
	if err != nil {
		return err
	}
	if server != nil {
		found, err := server.Request(ctx, opts.ID)
		if err != nil {
			return err
		}
		r := recordOf(server, found)
		return opts.One(newRecordJSON(r), fields(r))
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		id, err := v.RequestID(ctx, opts.ID)
		if err != nil {
			return err
		}
		r, err := v.Request(ctx, id)
		if err != nil {
			return err
		}
		return opts.One(newRecordJSON(r), fields(r))
	})
}
