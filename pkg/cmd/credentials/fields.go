package credentials

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// Fields are the fields of a credential as flags give them. What Given does not
// name stays as it is.
type Fields struct {
	System, Account                       string
	Kind, Description, Policy, Access     string
	Endpoint, AddEndpoint, RemoveEndpoint []string
	SecretFrom                            string
	Source, SourceProfile, SourceUser     string

	Given   map[string]bool // flags by name
	Profile func() (string, error)
}

// flags adds those that add and edit have in common.
func (f *Fields) flags(cmd *cobra.Command, app *vaultcli.App) {
	f.Profile = func() (string, error) {
		s, err := app.Settings()
		if err != nil {
			return "", err
		}
		return s.Profile, nil
	}
	set := cmd.Flags()
	set.StringVar(&f.Kind, "kind", string(vault.KindPassword), "`sort` of secret: "+kinds())
	set.StringVar(&f.Description, "description", "", "`text` about it, up to 2,000 characters")
	set.StringVar(&f.Policy, "policy", "", "`name` of its policy; empty: the built-in one")
	set.StringVar(&f.Access, "access", "", "`where` it is offered: restricted or shared; empty: as its policy says")
	set.StringArrayVar(&f.Endpoint, "endpoint", nil, "further `system` that it is for; may be repeated; a single empty one: none")
	set.StringVar(&f.SecretFrom, "secret-from", "", "`source` of its secret: env:NAME, file:PATH, cmd:COMMAND, keyring:NAME, prompt, or - for standard input")
	set.StringVar(&f.Source, "source", "vault", "`where` its secret is kept: vault, or redim for a RED IM service that the settings name")
	set.StringVar(&f.SourceProfile, "source-profile", "", "`profile` of the settings with that service's endpoint_url (default: the present profile)")
	set.StringVar(&f.SourceUser, "source-user", "", "`user` there who may use the account; empty: the delegation identity")
	cli.Complete(cmd, "source", "vault", string(vault.SourceRedIM))
	cli.Complete(cmd, "kind", kindWords()...)
	cli.Complete(cmd, "access", string(vault.AccessRestricted), string(vault.AccessShared))
	cli.Complete(cmd, "secret-from", "prompt", "-", "env:", "file:", "cmd:", "keyring:")
	cli.CompleteWith(cmd, "policy", app.Complete(vaultcli.Policies))
}

func kindWords() []string {
	var out []string
	for _, k := range vault.Kinds() {
		out = append(out, string(k))
	}
	return out
}

func kinds() string {
	words := kindWords()
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// given notes which flags the command line has.
func (f *Fields) given(cmd *cobra.Command) {
	f.Given = map[string]bool{}
	cmd.Flags().Visit(func(flag *pflag.Flag) { f.Given[flag.Name] = true })
}

func (f *Fields) text(flag, value string) *string {
	if !f.Given[flag] {
		return nil
	}
	return &value
}

// edit reads all fields but the secret and the endpoints.
func (f *Fields) edit() (vault.CredentialEdit, error) {
	e := vault.CredentialEdit{
		System: f.text("system", f.System), Account: f.text("account", f.Account),
		Description: f.text("description", f.Description), Policy: f.text("policy", f.Policy),
	}
	if f.Given["kind"] {
		kind, err := vault.ParseKind(f.Kind)
		if err != nil {
			return e, err
		}
		e.Kind = &kind
	}
	if f.Given["access"] {
		access, err := vault.ParseAccess(f.Access)
		if err != nil {
			return e, err
		}
		e.Access = &access
	}
	return e, nil
}

// source is what the flags make of what was there; nil when no flag names any.
func (f *Fields) source(was vault.Source) (*vault.Source, error) {
	if !f.Given["source"] && !f.Given["source-profile"] && !f.Given["source-user"] {
		return nil, nil
	}
	is := was
	if f.Given["source"] {
		kind, err := vault.ParseSourceKind(f.Source)
		if err != nil {
			return nil, err
		}
		if is = (vault.Source{Kind: kind}); !is.Here() {
			if is.Profile, err = f.Profile(); err != nil {
				return nil, err
			}
		}
	}
	if f.Given["source-profile"] {
		is.Profile = f.SourceProfile
	}
	if f.Given["source-user"] {
		is.User = f.SourceUser
	}
	return &is, nil
}

// endpoints are those that the flags make of what was there; nil when no flag
// names any.
func (f *Fields) endpoints(was []string) *[]string {
	if !f.Given["endpoint"] && !f.Given["add-endpoint"] && !f.Given["remove-endpoint"] {
		return nil
	}
	list := slices.Clone(was)
	if f.Given["endpoint"] {
		list = slices.DeleteFunc(slices.Clone(f.Endpoint), func(e string) bool { return e == "" && len(f.Endpoint) == 1 })
	}
	list = append(list, f.AddEndpoint...)
	list = slices.DeleteFunc(list, func(e string) bool {
		return slices.ContainsFunc(f.RemoveEndpoint, func(gone string) bool { return vault.Fold(gone) == vault.Fold(e) })
	})
	return &list
}

// secret reads the secret from the source that the flags name.
func (f *Fields) secret(ctx context.Context, read Reader) (secret.Value, error) {
	return read(ctx, vaultcli.Secret{Label: "Secret", Flag: "--secret-from", New: true}, f.SecretFrom)
}

// oneRef wants one credential as the argument.
func oneRef(cmd *cobra.Command, args []string) error {
	return cli.ExactArgs("a credential, as system/account")(cmd, args)
}

// nothing says that an edit names no field.
func nothing(command string) error {
	return pam.Failf(pam.ErrUsage, "nothing is to be changed").WithHint("give the fields that are to change as flags: %s --help", command)
}
