package credentials

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/vault"
)

// EditOptions are what "credentials edit" was told.
type EditOptions struct {
	Fields
	Result
	Ref  string
	Seen int64

	Command string // "vault credentials edit", for the hints
	Read    Reader
	Open    vaultcli.Opener
}

// NewEdit makes the command. runF replaces its run in tests; nil is the real one.
func NewEdit(app *vaultcli.App, runF func(context.Context, *EditOptions) error) *cobra.Command {
	opts := &EditOptions{Result: newResult(app), Read: app.Read, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "edit <system>/<account>",
		Short: "Change a credential, or give it a new secret",
		Long: `Change what the flags name; all else stays. With --secret-from the credential gets
a new secret version; the older ones stay in the store, and "history" lists them. A
secret that is the present one already makes no new version.

With --if-version an edit is refused when somebody else was faster, and told what
they changed. "show" tells the version.

Exit codes: 0, also when it was so already; 2 a value can't be, or no flag says what
to change; 106 there is no such credential or policy; 107 changed meanwhile, or the
new name is taken; 109 the store can't be opened; 110 it can't be written to.`,
		Example: `  vault credentials edit web01/root --secret-from prompt
  vault credentials edit web01/root --policy production --add-endpoint web02
  vault credentials edit web01/root --account admin --if-version 3`,
		Args:              oneRef,
		ValidArgsFunction: app.Complete(vaultcli.Credentials),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref, opts.Command = args[0], cmd.CommandPath()
			opts.given(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runEdit(cmd.Context(), opts)
		},
	}
	opts.flags(cmd, app)
	f := cmd.Flags()
	f.StringVar(&opts.System, "system", "", "new `name` of its system")
	f.StringVar(&opts.Account, "account", "", "new `name` of its account")
	f.StringArrayVar(&opts.AddEndpoint, "add-endpoint", nil, "one more `system` that it is for; may be repeated")
	f.StringArrayVar(&opts.RemoveEndpoint, "remove-endpoint", nil, "`system` that it is for no more; may be repeated")
	f.Int64Var(&opts.Seen, "if-version", 0, "change it only while it has this `version`")
	f.BoolVar(&opts.DryRun, "dry-run", false, "check everything, and tell what would be changed; change nothing")
	cli.Exclude(cmd, "endpoint", "add-endpoint")
	cli.Exclude(cmd, "endpoint", "remove-endpoint")
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

// changes reports whether a flag names a field.
func (f *Fields) changes() bool {
	for _, name := range []string{
		"system", "account", "kind", "description", "policy", "access", "endpoint", "add-endpoint", "remove-endpoint", "secret-from",
		"source", "source-profile", "source-user",
	} {
		if f.Given[name] {
			return true
		}
	}
	return false
}

func runEdit(ctx context.Context, opts *EditOptions) error {
	if !opts.changes() {
		return nothing(opts.Command)
	}
	e, err := opts.edit()
	if err != nil {
		return err
	}
	if opts.Given["secret-from"] {
		if e.Secret, err = opts.secret(ctx, opts.Read); err != nil {
			return err
		}
		defer e.Secret.Wipe()
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error { return opts.change(ctx, v, e) })
}

func (o *EditOptions) change(ctx context.Context, v *vaultcli.Vault, e vault.CredentialEdit) error {
	was, err := v.Credential(ctx, o.Ref)
	if err != nil {
		return err
	}
	if e.Source, err = o.source(was.Source); err != nil {
		return err
	}
	seen := o.Seen
	if e.Endpoints = o.endpoints(was.Endpoints); e.Endpoints != nil && seen == 0 {
		seen = was.Version // the list is made of what was read
	}
	done, err := o.Service(v).EditCredential(ctx, v.Actor, was.ID, seen, e)
	if err != nil {
		return err
	}
	if len(done.Changes) == 0 {
		o.Say("credential %s is so already", was.Ref())
	} else {
		o.Say("%s credential %s: %s", o.Verb("changed", "change"), was.Ref(), strings.Join(changedFields(done.Changes), ", "))
	}
	return o.show(ctx, v, done.Credential)
}
