package integrations

import (
	"context"
	"net/netip"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// Fields are the fields of a record as flags give them. What Given does not
// name stays as it is.
type Fields struct {
	Name, Description, Active, Auth string
	Account, Credential             string
	Generate                        bool
	AllowIP, AddIP, RemoveIP        []string
	Reason, Hours, Comment          string
	Justification, Until            string
	Grant, AddGrant, RemoveGrant    []string

	Given map[string]bool // flags by name
}

// flags adds those that new and edit have in common. Only a new record has
// values where no flag gives any.
func (f *Fields) flags(cmd *cobra.Command, isNew bool) {
	active, auth, hours := "", "", ""
	if isNew {
		active, auth, hours = "yes", string(vault.AuthApplication), vault.FormatHours(vault.DefaultHold)
	}
	set := cmd.Flags()
	set.StringVar(&f.Name, "name", "", "its `name`, 1 to 128 characters")
	set.StringVar(&f.Description, "description", "", "`text` about it, up to 2,000 characters")
	set.StringVar(&f.Active, "active", active, "`whether` it may sign in: yes or no")
	set.StringVar(&f.Auth, "auth", auth, "`how` it authenticates: windows or application")
	set.StringVar(&f.Account, "account", "", `windows: its `+"`account`"+`, DOMAIN\name or name@REALM`)
	set.StringVar(&f.Credential, "credential", "", "application: `source` of its credential, or - for standard input; windows: its account")
	set.BoolVar(&f.Generate, "generate", false, "application: make a credential of 256 bits, which is shown once")
	set.StringArrayVar(&f.AllowIP, "allow-ip", nil, "`address` or network that it may come from; may be repeated; none: no address")
	set.StringVar(&f.Reason, "reason", "", "`text` that the reason of each of its check-outs begins with")
	set.StringVar(&f.Hours, "hours", hours, "most `hours` that it gets a credential for, 0.25 to 8760")
	set.StringVar(&f.Comment, "comment", "", "`text` for the record of its check-outs")
	set.StringVar(&f.Justification, "skip-approval-justification", "", "`why` it may skip approval; empty: it may not")
	set.StringVar(&f.Until, "skip-approval-until", "", "last `day` of skipping approval, as 2027-01-31, or a moment in RFC 3339; none: no end")
	set.StringArrayVar(&f.Grant, "grant", nil, "`system/account` that it may check out, with * for any text; may be repeated")
	cli.Complete(cmd, "active", "yes", "no")
	cli.Complete(cmd, "auth", string(vault.AuthWindows), string(vault.AuthApplication))
}

// given notes which flags the command line has.
func (f *Fields) given(cmd *cobra.Command) {
	f.Given = map[string]bool{}
	cmd.Flags().Visit(func(flag *pflag.Flag) { f.Given[flag.Name] = true })
}

// any reports whether a flag of a field is given.
func (f *Fields) any() bool {
	for _, name := range []string{
		"name", "description", "active", "auth", "account", "credential", "generate", "allow-ip", "add-ip", "remove-ip", "reason", "hours",
		"comment", "skip-approval-justification", "skip-approval-until", "grant", "add-grant", "remove-grant",
	} {
		if f.Given[name] {
			return true
		}
	}
	return false
}

// edit reads all fields but the credential. was is the record that they are
// laid over.
func (f *Fields) edit(was vault.Integration, now time.Time) (vault.IntegrationEdit, error) {
	e := vault.IntegrationEdit{
		Name: f.text("name", f.Name), Description: f.text("description", f.Description), Account: f.text("account", f.Account),
		Reason: f.text("reason", f.Reason), Comment: f.text("comment", f.Comment),
	}
	for _, read := range []func(*vault.IntegrationEdit) error{f.active, f.auth, f.hours, f.addresses, f.grants} {
		if err := read(&e); err != nil {
			return e, err
		}
	}
	var err error
	e.Skip, err = f.skip(was.Skip, now)
	return e, err
}

func (f *Fields) text(flag, value string) *string {
	if !f.Given[flag] {
		return nil
	}
	return &value
}

func (f *Fields) active(e *vault.IntegrationEdit) error {
	if !f.Given["active"] {
		return nil
	}
	t, err := vault.ParseTri(f.Active)
	if err != nil || t == vault.Both {
		return pam.Failf(pam.ErrUsage, "--active: %q is neither yes nor no", f.Active).WithHint("write yes or no")
	}
	yes := t == vault.Yes
	e.Active = &yes
	return nil
}

func (f *Fields) auth(e *vault.IntegrationEdit) error {
	if !f.Given["auth"] {
		return nil
	}
	a, err := vault.ParseAuth(f.Auth)
	if err != nil || a == "" {
		return pam.Failf(pam.ErrUsage, "--auth: authentication %q is not known", f.Auth).WithHint("choose windows or application")
	}
	e.Auth = &a
	return nil
}

func (f *Fields) hours(e *vault.IntegrationEdit) error {
	if !f.Given["hours"] {
		return nil
	}
	d, err := vault.ParseHours(f.Hours)
	e.Hours = &d
	return named(err, "--hours")
}

func (f *Fields) addresses(e *vault.IntegrationEdit) (err error) {
	if f.Given["allow-ip"] {
		list, err := parseAll(f.AllowIP, "--allow-ip", vault.ParseAllowed)
		if err != nil {
			return err
		}
		e.Allowed = &list
	}
	if e.AddAllowed, err = parseAll(f.AddIP, "--add-ip", vault.ParseAllowed); err != nil {
		return err
	}
	e.DropAllowed, err = parseAll(f.RemoveIP, "--remove-ip", vault.ParseAllowed)
	return err
}

func (f *Fields) grants(e *vault.IntegrationEdit) (err error) {
	if f.Given["grant"] {
		list, err := parseAll(f.Grant, "--grant", vault.ParsePattern)
		if err != nil {
			return err
		}
		e.Grants = &list
	}
	if e.AddGrants, err = parseAll(f.AddGrant, "--add-grant", vault.ParsePattern); err != nil {
		return err
	}
	e.DropGrants, err = parseAll(f.RemoveGrant, "--remove-grant", vault.ParsePattern)
	return err
}

// parseAll reads the values of a repeatable flag; a single empty one is none.
func parseAll[T netip.Prefix | vault.Pattern](values []string, flag string, parse func(string) (T, error)) ([]T, error) {
	if len(values) == 1 && values[0] == "" {
		return nil, nil
	}
	var out []T
	for _, text := range values {
		t, err := parse(text)
		if err != nil {
			return nil, named(err, flag)
		}
		out = append(out, t)
	}
	return out, nil
}

func (f *Fields) skip(was vault.Skip, now time.Time) (*vault.Skip, error) {
	if !f.Given["skip-approval-justification"] && !f.Given["skip-approval-until"] {
		return nil, nil
	}
	if f.Given["skip-approval-justification"] {
		was.Justification = f.Justification
		if f.Justification == "" {
			was = vault.Skip{}
		}
	}
	if f.Given["skip-approval-until"] {
		was.Until = time.Time{}
	}
	if f.Until == "" {
		return &was, nil
	}
	var err error
	was.Until, err = vault.ParseUntil(f.Until, now)
	return &was, named(err, "--skip-approval-until")
}

// prove adds what the integration authenticates with. read reads a secret from
// its source.
func (f *Fields) prove(ctx context.Context, e *vault.IntegrationEdit, was vault.AuthType, read Reader) error {
	e.Generate = f.Generate
	if !f.Given["credential"] {
		return nil
	}
	auth := was
	if e.Auth != nil {
		auth = *e.Auth
	}
	if auth == vault.AuthWindows {
		if f.Given["account"] && f.Account != f.Credential {
			return pam.Failf(pam.ErrUsage, "--account and --credential name two accounts").WithHint("give one of them")
		}
		e.Account = &f.Credential
		return nil
	}
	v, err := read(ctx, vaultcli.Secret{Label: "Credential", Flag: "--credential", New: true}, f.Credential)
	e.Secret = v
	return err
}

// Reader reads a secret from a source.
type Reader func(context.Context, vaultcli.Secret, string) (secret.Value, error)
