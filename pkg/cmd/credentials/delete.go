package credentials

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
)

// DeleteOptions are what "credentials delete" was told.
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
		Use:   "delete <system>/<account>",
		Short: "Delete a credential and its secrets",
		Long: `Delete a credential with all versions of its secret, which can't be had again
afterwards. What was recorded about it stays: see "vault events list". One that is
checked out, or asked for, is not deleted.

Exit codes: 0; 2 nobody can be asked and --yes is not given; 106 there is no such
credential; 107 it is checked out or asked for; 109 the store can't be opened; 110
it can't be written to; 130 the answer was no.`,
		Example: `  vault credentials delete web01/root
  vault credentials delete web01/root --yes`,
		Args:              oneRef,
		ValidArgsFunction: app.Complete(vaultcli.Credentials),
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
		c, err := v.Credential(ctx, opts.Ref)
		if err != nil {
			return err
		}
		if !opts.DryRun {
			if err := opts.Delete(ctx, "credential "+c.Ref()); err != nil {
				return err
			}
		}
		gone, err := opts.Service(v).DeleteCredential(ctx, v.Actor, c.ID)
		if err != nil {
			return err
		}
		opts.Say("%s credential %s", opts.Verb("deleted", "delete"), gone.Ref())
		return nil
	})
}
