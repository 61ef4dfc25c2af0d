package credentials

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// AddOptions are what "credentials add" was told.
type AddOptions struct {
	Fields
	Result
	Ref      string
	NoSecret bool

	Read Reader
	Open vaultcli.Opener
	// WhyNoPrompt tells why nobody can be asked; empty when somebody can.
	WhyNoPrompt func() string
}

// NewAdd makes the command. runF replaces its run in tests; nil is the real one.
func NewAdd(app *vaultcli.App, runF func(context.Context, *AddOptions) error) *cobra.Command {
	opts := &AddOptions{Result: newResult(app), Read: app.Read, Open: app.Open, WhyNoPrompt: whyNoPrompt(app)}
	cmd := &cobra.Command{
		Use:   "add <system>/<account>",
		Short: "Add a credential",
		Long: `Add a credential with its secret. On a terminal the secret is asked for and not
shown; a script names a source with --secret-from. A secret is never taken from the
command line, which others can read.

With --source redim the secret stays where it is, in a RED IM service, and every
check-out is passed on to it: it is looked up there, checked out, checked in and
spun as redim does.

Exit codes: 0; 2 a value can't be, or no source of the secret is given; 106 there is
no such policy; 107 the credential is there already, in whatever case; 109 the store
can't be opened; 110 it can't be written to.`,
		Example: `  vault credentials add web01/root
  pass show web01 | vault credentials add web01/root --secret-from - --policy production
  vault credentials add db01/deploy --kind ssh-key --secret-from file:id_ed25519 --endpoint db02
  vault credentials add web01/Administrator --source redim --source-user 'EX\alice'
  vault credentials add web01/root --secret-from env:ROOT_PASSWORD --dry-run`,
		Args: oneRef,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			opts.given(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runAdd(cmd.Context(), opts)
		},
	}
	opts.flags(cmd, app)
	cmd.Flags().BoolVar(&opts.NoSecret, "no-secret", false, "add it without a secret, to be given one later")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "check everything, and tell what would be added; add nothing")
	cli.Exclude(cmd, "secret-from", "no-secret")
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func whyNoPrompt(app *vaultcli.App) func() string {
	return func() string { return app.Streams.WhyNoPrompt(app.Globals.NoInput, app.Getenv) }
}

func runAdd(ctx context.Context, opts *AddOptions) error {
	e, err := opts.newEdit()
	if err != nil {
		return err
	}
	if !opts.NoSecret {
		if e.Secret, err = opts.secret(ctx, opts.Read); err != nil {
			return err
		}
		defer e.Secret.Wipe()
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		done, err := opts.Service(v).CreateCredential(ctx, v.Actor, e)
		if err != nil {
			return err
		}
		opts.Say("%s credential %s%s", opts.Verb("added", "add"), done.Credential.Ref(), withoutSecret(done.Credential))
		return opts.show(ctx, v, done.Credential)
	})
}

// newEdit checks what can be checked before a secret is asked for.
func (o *AddOptions) newEdit() (vault.CredentialEdit, error) {
	system, account, err := vault.ParseRef(o.Ref)
	if err != nil {
		return vault.CredentialEdit{}, err
	}
	e, err := o.edit()
	if err != nil {
		return e, err
	}
	e.System, e.Account, e.Endpoints = &system, &account, o.endpoints(nil)
	if e.Source, err = o.source(vault.Source{}); err != nil {
		return e, err
	}
	if e.Source != nil && !e.Source.Here() {
		return e, o.elsewhere()
	}
	if o.NoSecret || o.Given["secret-from"] {
		return e, nil
	}
	if why := o.WhyNoPrompt(); why != "" {
		return e, pam.Failf(pam.ErrUsage, "the secret is not given, and it can't be asked for: %s", why).
			WithHint("name its source with --secret-from, for example --secret-from - for standard input; or add it without one: --no-secret")
	}
	o.SecretFrom = "prompt"
	return e, nil
}

// elsewhere refuses a secret for a credential that is kept elsewhere.
func (o *AddOptions) elsewhere() error {
	if o.Given["secret-from"] {
		return pam.Failf(pam.ErrUsage, "--secret-from and --source %s exclude each other", o.Source).WithHint("the other service keeps the secret; leave --secret-from out")
	}
	o.NoSecret = true
	return nil
}

func withoutSecret(c vault.Credential) string {
	switch {
	case !c.Source.Here():
		return ", which " + c.Source.String() + " keeps"
	case c.Secret == 0:
		return ", without a secret: it can't be checked out yet"
	}
	return ""
}
