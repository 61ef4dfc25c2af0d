package policies

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// ShowOptions are what "policies show" was told.
type ShowOptions struct {
	Result
	Ref  string
	Open vaultcli.Opener
}

// NewShow makes the command. runF replaces its run in tests; nil is the real one.
func NewShow(app *vaultcli.App, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	opts := &ShowOptions{Result: newResult(app), Open: app.Open}
	cmd := &cobra.Command{
		Use:   "show <name>",
		Short: "Show a policy",
		Long: `Show a policy by its name or id. Which credentials have it, "vault credentials list
--policy" tells.

Exit codes: 0; 106 there is no such policy; 109 the store can't be opened.`,
		Example: `  vault policies show production
  vault policies show production -o json`,
		Args:              oneName,
		ValidArgsFunction: app.Complete(vaultcli.Policies),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runShow(cmd.Context(), opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runShow(ctx context.Context, opts *ShowOptions) error {
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		p, err := v.Policy(ctx, opts.Ref)
		if err != nil {
			return err
		}
		return opts.write(p)
	})
}
