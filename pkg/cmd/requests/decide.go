package requests

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/vault"
)

// DecideOptions are what "requests approve" and "requests deny" were told.
type DecideOptions struct {
	ID      string
	Approve bool
	Comment string
	Result
	Open vaultcli.Opener
}

// NewDecide makes the command approve, or the command deny. runF replaces its run
// in tests; nil is the real one.
func NewDecide(app *vaultcli.App, approve bool, runF func(context.Context, *DecideOptions) error) *cobra.Command {
	opts := &DecideOptions{Approve: approve, Result: newResult(app), Open: app.Open}
	cmd := denial()
	if approve {
		cmd = approval()
	}
	cmd.Args, cmd.ValidArgsFunction = oneID, app.Complete(waiting(vault.RequestPending))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		opts.ID = args[0]
		if runF != nil {
			return runF(cmd.Context(), opts)
		}
		return runDecide(cmd.Context(), opts)
	}
	f := cmd.Flags()
	f.StringVar(&opts.Comment, "comment", "", "`words` for the requester and for the record")
	f.BoolVar(&opts.DryRun, "dry-run", false, "check whether you may, and tell what would come of it; decide nothing")
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

const decideCodes = `

Exit codes: 0; 2 the comment can't be, or several ids begin so; 105 it is your own request, or you are no
approver of it; 106 there is no such request; 107 it is decided already, or you have
decided it; 109 the store can't be opened; 110 it can't be written to.`

func approval() *cobra.Command {
	return &cobra.Command{
		Use:   "approve <id>",
		Short: "Approve a request",
		Long: `Approve a request of somebody else. When enough have approved, the requester has 24
hours to check the credential out. Your own request needs another person. The
beginning of the id will do.` + decideCodes,
		Example: `  vault requests approve 01998b6e-2f5a-7c31-9d04-7be0a4a3c1f2 --comment 'as agreed'`,
	}
}

func denial() *cobra.Command {
	return &cobra.Command{
		Use:   "deny <id>",
		Short: "Deny a request",
		Long: `Deny a request of somebody else. One denial is enough; the requester may ask again.
Your own request you drop. The beginning of the id will do.` + decideCodes,
		Example: `  vault requests deny 01998b6e-2f5a-7c31-9d04-7be0a4a3c1f2 --comment 'not tonight'`,
	}
}

func runDecide(ctx context.Context, opts *DecideOptions) error {
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		id, err := v.RequestID(ctx, opts.ID)
		if err != nil {
			return err
		}
		r, err := opts.Service(v).Decide(ctx, v.Actor, id, opts.Approve, opts.Comment)
		if err != nil {
			return err
		}
		verb := opts.Verb("denied", "deny")
		if opts.Approve {
			verb = opts.Verb("approved", "approve")
		}
		opts.Say("%s request %s of %s for %s; it is %s, with %s approvals", verb, r.ID, r.Requester.Name, r.Credential, r.State, approvals(r))
		return opts.show(r)
	})
}
