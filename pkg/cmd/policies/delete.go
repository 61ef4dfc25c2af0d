package policies

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// DeleteOptions are what "policies delete" was told.
type DeleteOptions struct {
	vaultcli.Consent
	Result
	Ref  string
	Open vaultcli.Opener
}

// NewDelete makes the command. runF replaces its run in tests; nil is the real one.
func NewDelete(app *vaultcli.App, runF func(context.Context, *DeleteOptions) error) *cobra.Command {
	opts := &DeleteOptions{Consent: vaultcli.Consent{Prompt: app.Prompt}, Result: newResult(app), Open: app.Open}
	cmd := &cobra.Command{
		Use:   "delete <name>",
		Short: "Delete a policy that no credential has",
		Long: `Delete a policy. One that a credential has is not deleted: give those credentials
another first. What was recorded about it stays.

Exit codes: 0; 2 nobody can be asked and --yes is not given; 106 there is no such
policy; 107 a credential has it; 109 the store can't be opened; 110 it can't be
written to; 130 the answer was no.`,
		Example: `  vault policies delete production
  vault policies delete production --yes`,
		Args:              oneName,
		ValidArgsFunction: app.Complete(vaultcli.Policies),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runDelete(cmd.Context(), opts)
		},
	}
	opts.Consent.Add(cmd)
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check whether it could be deleted; delete nothing")
	return cmd
}

func runDelete(ctx context.Context, opts *DeleteOptions) error {
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		p, err := v.Policy(ctx, opts.Ref)
		if err != nil {
			return err
		}
		if !opts.DryRun {
			if err := opts.Delete(ctx, "policy "+p.Name); err != nil {
				return err
			}
		}
		gone, err := opts.Service(v).DeletePolicy(ctx, v.Actor, p.ID)
		if err != nil {
			return err
		}
		opts.Say("%s policy %s", opts.Verb("deleted", "delete"), gone.Name)
		return nil
	})
}
