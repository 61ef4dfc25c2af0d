package integrations

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// NewOptions are what "integrations new" was told.
type NewOptions struct {
	Fields
	Result
	DryRun bool

	Now    func() time.Time
	Prompt func() prompt.Prompter
	Read   Reader
	Open   vaultcli.Opener
	// WhyNoPrompt tells why nobody can be asked; empty when somebody can.
	WhyNoPrompt func() string
}

// NewNew makes the command. runF replaces its run in tests; nil is the real one.
func NewNew(app *vaultcli.App, runF func(context.Context, *NewOptions) error) *cobra.Command {
	opts := &NewOptions{Result: newResult(app), Now: app.Now, Prompt: app.Prompt, Read: app.Read, Open: app.Open, WhyNoPrompt: whyNoPrompt(app)}
	cmd := &cobra.Command{
		Use:   "new [<name>]",
		Short: "Make a new integration",
		Long: `Make a record for an application. On a terminal, without a name, everything is
asked for. An application proves itself with a credential of 12 or more characters
that --credential names the source of, or with a generated one; a Windows service
with its account.

A generated credential is shown once and kept nowhere: at a terminal as a line of
its own, in a pipe with --field credential, which writes it alone, or with --reveal
as a member of the result.

Without --allow-ip the integration can't sign in from anywhere, and without --grant
it can't check anything out; both can be added later.

Exit codes: 0; 2 a value can't be; 107 the name is taken, in whatever case; 109
the store can't be opened; 110 it can't be written to.`,
		Example: `  vault integrations new
  vault integrations new build-server --allow-ip 10.0.0.0/24 --grant 'web01/*' --generate --field credential
  vault integrations new backup --auth windows --credential 'EX\svc-backup' --hours 2 --reason 'nightly backup'
  printf %s "$SECRET" | vault integrations new reports --credential -`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.given(cmd)
			if err := opts.nameArgument(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runNew(cmd.Context(), opts)
		},
	}
	opts.Fields.flags(cmd, true)
	opts.Result.flags(cmd)
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check everything, and tell what would be made; make nothing")
	return cmd
}

func oneName(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return pam.Failf(pam.ErrUsage, "%s takes one name, but got %d", cmd.CommandPath(), len(args)).WithHint("quote a name that has blanks")
	}
	return nil
}

func whyNoPrompt(app *vaultcli.App) func() string {
	return func() string { return app.Streams.WhyNoPrompt(app.Globals.NoInput, app.Getenv) }
}

// nameArgument takes the argument for --name.
func (o *NewOptions) nameArgument(args []string) error {
	if len(args) == 0 {
		return nil
	}
	if o.Given["name"] && o.Name != args[0] {
		return pam.Failf(pam.ErrUsage, "two names are given: %q and %q", args[0], o.Name).WithHint("give one of them")
	}
	o.Name, o.Given["name"] = args[0], true
	return nil
}

func runNew(ctx context.Context, opts *NewOptions) error {
	if !opts.Given["name"] && opts.WhyNoPrompt() == "" {
		return opts.interview(ctx)
	}
	if !opts.Given["name"] {
		return pam.Failf(pam.ErrUsage, "a name is not given, and it can't be asked for: %s", opts.WhyNoPrompt()).WithHint("give it as the argument")
	}
	e, err := opts.edit(vault.NewIntegration(), opts.Now())
	if err != nil {
		return err
	}
	if _, err := e.Apply(vault.NewIntegration()); err != nil && !opts.mayHaveAccount() {
		return err // before a secret is asked for, and a store is made
	}
	if err := opts.canShow(opts.Generate && !opts.DryRun); err != nil {
		return err
	}
	if err := opts.prove(ctx, &e, vault.AuthApplication, opts.Read); err != nil {
		return err
	}
	defer e.Secret.Wipe()
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error { return opts.create(ctx, v, e) })
}

// mayHaveAccount reports whether --credential may bring the account that is missing.
func (o *NewOptions) mayHaveAccount() bool { return o.Given["credential"] && o.Given["auth"] }

func (o *NewOptions) create(ctx context.Context, v *vaultcli.Vault, e vault.IntegrationEdit) error {
	service, did := v.Service, "made"
	if o.DryRun {
		service, did = v.Rehearse(), "would make"
	}
	done, err := service.CreateIntegration(ctx, v.Actor, e)
	if err != nil {
		return err
	}
	defer done.Generated.Wipe()
	if o.DryRun {
		done.Integration.ID, done.Generated = "", secret.Value{}
	}
	o.Say("%s integration %s", did, done.Integration.Name)
	return o.show(done)
}
