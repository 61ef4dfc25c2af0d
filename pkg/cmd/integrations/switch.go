package integrations

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/vault"
)

// NewActivate makes the command. runF replaces its run in tests; nil is the real one.
func NewActivate(app *vaultcli.App, runF func(context.Context, *EditOptions) error) *cobra.Command {
	return newSwitch(app, runF, &cobra.Command{
		Use:   "activate <name>|<id>",
		Short: "Let an integration sign in again",
		Long: `Make an integration active, so that it may sign in.

Exit codes: 0, also when it is active already; 106 there is no such integration;
109 the store can't be opened; 110 it can't be written to.`,
		Example: `  vault integrations activate build-server
  vault integrations activate build-server --dry-run`,
	}, true)
}

// NewDeactivate makes the command. runF replaces its run in tests; nil is the real one.
func NewDeactivate(app *vaultcli.App, runF func(context.Context, *EditOptions) error) *cobra.Command {
	return newSwitch(app, runF, &cobra.Command{
		Use:   "deactivate <name>|<id>",
		Short: "Keep an integration from signing in",
		Long: `Make an integration inactive: it is refused from now on, and the tokens that it has
stop working at once. What it has checked out stays checked out.

Exit codes: 0, also when it is inactive already; 106 there is no such integration;
109 the store can't be opened; 110 it can't be written to.`,
		Example: `  vault integrations deactivate build-server
  vault integrations deactivate build-server --dry-run`,
	}, false)
}

func newSwitch(app *vaultcli.App, runF func(context.Context, *EditOptions) error, cmd *cobra.Command, on bool) *cobra.Command {
	opts := newEditOptions(app)
	cmd.ValidArgsFunction = app.Complete(vaultcli.Integrations)
	cmd.Args = cli.ExactArgs("the name or the id of an integration")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		opts.Ref = args[0]
		if runF != nil {
			return runF(cmd.Context(), opts)
		}
		return runSwitch(cmd.Context(), opts, on)
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what would change; change nothing")
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runSwitch(ctx context.Context, opts *EditOptions, on bool) error {
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		was, err := v.Integration(ctx, opts.Ref)
		if err != nil {
			return err
		}
		return opts.change(ctx, v, was, vault.IntegrationEdit{Active: &on}, 0)
	})
}
