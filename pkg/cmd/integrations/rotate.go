package integrations

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// NewRotateCredential makes the command. runF replaces its run in tests; nil is
// the real one.
func NewRotateCredential(app *vaultcli.App, runF func(context.Context, *EditOptions) error) *cobra.Command {
	opts := newEditOptions(app)
	cmd := &cobra.Command{
		Use:   "rotate-credential <name>|<id>",
		Short: "Give an integration a new credential",
		Long: `Give an integration that authenticates as an application a new credential: one that
is generated, or the one that --credential names the source of. The old one stops
working at once.

A generated credential is shown once and kept nowhere: at a terminal as a line of
its own, in a pipe with --field credential, which writes it alone, or with --reveal
as a member of the result.

Exit codes: 0; 2 the credential can't be, or would be shown to nobody; 106 there is
no such integration; 109 the store can't be opened; 110 it can't be written to.`,
		Example: `  vault integrations rotate-credential build-server --field credential > credential.txt
  vault integrations rotate-credential build-server --credential file:/run/secrets/build
  vault integrations rotate-credential build-server --dry-run`,
		Args:              cli.ExactArgs("the name or the id of an integration"),
		ValidArgsFunction: app.Complete(vaultcli.Integrations),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			opts.given(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runRotate(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.Credential, "credential", "", "`source` of the new credential, or - for standard input (default: it is generated)")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check everything; change nothing")
	opts.Result.flags(cmd)
	return cmd
}

func runRotate(ctx context.Context, opts *EditOptions) error {
	generate := !opts.Given["credential"]
	if err := opts.canShow(generate && !opts.DryRun); err != nil {
		return err
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		was, err := v.Integration(ctx, opts.Ref)
		if err != nil {
			return err
		}
		if was.Auth == vault.AuthWindows {
			return pam.Failf(pam.ErrUsage, "%s authenticates by windows, and has no credential of ours", was.Name).
				WithHint("change the password of %s where that account is kept", was.Account)
		}
		e := vault.IntegrationEdit{Generate: generate}
		if err := opts.prove(ctx, &e, was.Auth, opts.Read); err != nil {
			return err
		}
		e.Generate = generate
		defer e.Secret.Wipe()
		return opts.change(ctx, v, was, e, 0)
	})
}
