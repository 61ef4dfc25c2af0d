package policies

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// NewOptions are what "policies new" was told.
type NewOptions struct {
	Fields
	Result
	Open vaultcli.Opener
}

// NewNew makes the command. runF replaces its run in tests; nil is the real one.
func NewNew(app *vaultcli.App, runF func(context.Context, *NewOptions) error) *cobra.Command {
	opts := &NewOptions{Result: newResult(app), Open: app.Open}
	cmd := &cobra.Command{
		Use:   "new <name>",
		Short: "Make a new policy",
		Long: `Make a policy. Without flags it asks for no approval, and lets one holder at a time
have a credential. Where approvals are needed, a request that nobody decides in time
is rejected, unless --then accept says otherwise; nobody has to look for that to
happen.

Exit codes: 0; 2 a value can't be; 107 the name is taken, in whatever case; 109 the
store can't be opened; 110 it can't be written to.`,
		Example: `  vault policies new production --approvals 1 --approver alice --approver bob --longest 4
  vault policies new readers --exclusive no --access shared
  vault policies new night --approvals 2 --timeout 8 --then accept --dry-run`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.given(cmd)
			opts.Name, opts.Given["name"] = args[0], true
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runNew(cmd.Context(), opts)
		},
	}
	opts.flags(cmd)
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check everything, and tell what would be made; make nothing")
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runNew(ctx context.Context, opts *NewOptions) error {
	e, err := opts.edit()
	if err != nil {
		return err
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		p, err := opts.Service(v).CreatePolicy(ctx, v.Actor, e)
		if err != nil {
			return err
		}
		opts.Say("%s policy %s", opts.Verb("made", "make"), p.Name)
		return opts.show(p)
	})
}
