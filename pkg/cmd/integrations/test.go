package integrations

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestOptions are what "integrations test" was told.
type TestOptions struct {
	Ref    string // name or id
	From   string
	Output string

	Streams *term.Streams
	Open    vaultcli.Opener
}

// NewTest makes the command. runF replaces its run in tests; nil is the real one.
func NewTest(app *vaultcli.App, runF func(context.Context, *TestOptions) error) *cobra.Command {
	opts := &TestOptions{Streams: app.Streams, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "test <name>|<id> --from <address>",
		Short: "Tell whether an integration would be let in",
		Long: `Tell whether an integration would be let in from an address, and which entry of its
list says so, or which one nearly does. Nothing is changed or recorded.

Exit codes: 0 it would be let in; 2 the address is none; 105 it would be refused; 106
there is no such integration; 109 the store can't be opened.`,
		Example: `  vault integrations test build-server --from 10.0.0.5
  vault integrations test build-server --from 2001:db8::1 -o json`,
		Args:              cli.ExactArgs("the name or the id of an integration"),
		ValidArgsFunction: app.Complete(vaultcli.Integrations),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runTest(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.From, "from", "", "`address` that it comes from")
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

// verdictJSON is the answer in JSON and YAML.
type verdictJSON struct {
	Integration string `json:"integration"`
	From        string `json:"from"`
	Admitted    bool   `json:"admitted"`
	Active      bool   `json:"active"`
	Allowed     bool   `json:"allowed"`     // by the list of addresses
	Rule        string `json:"rule"`        // the entry that says so, or the nearest one; empty when there is none of the family
	SharedBits  int    `json:"shared_bits"` // of the address and the entry
}

func runTest(ctx context.Context, opts *TestOptions) error {
	from, err := netip.ParseAddr(opts.From)
	if err != nil {
		return pam.Failf(pam.ErrUsage, "--from: %q is no address", opts.From).WithHint("give an IPv4 or IPv6 address, such as 10.0.0.5")
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		i, match, err := v.TestAddress(ctx, opts.Ref, from)
		if err != nil {
			return err
		}
		a := newVerdict(i, from.Unmap().WithZone(""), match)
		err = render.One(opts.Streams, render.Format(opts.Output), a, []render.Field{
			{Name: "Integration", Value: a.Integration}, {Name: "From", Value: a.From}, {Name: "Admitted", Value: a.Admitted},
			{Name: "Active", Value: a.Active}, {Name: "Allowed", Value: a.Allowed}, {Name: "Rule", Value: a.Rule}, {Name: "Shared bits", Value: a.SharedBits},
		})
		if err != nil || a.Admitted {
			return err
		}
		return a.refusal()
	})
}

func newVerdict(i vault.Integration, from netip.Addr, m vault.AddressMatch) verdictJSON {
	a := verdictJSON{Integration: i.Name, From: from.String(), Active: i.Active, Allowed: m.Allowed, Admitted: i.Active && m.Allowed, SharedBits: m.Common}
	if m.Rule.IsValid() {
		a.Rule = vault.FormatAllowed(m.Rule)
	}
	return a
}

func (a verdictJSON) refusal() error {
	switch {
	case !a.Active:
		return pam.Failf(pam.ErrDenied, "%s is not active, and would be refused from everywhere", a.Integration).
			WithHint("vault integrations activate %s", a.Integration)
	case a.Rule == "":
		return a.denied("no entry of the list is of that family of addresses")
	}
	return a.denied(fmt.Sprintf("the nearest entry is %s, which shares %d bits with it", a.Rule, a.SharedBits))
}

func (a verdictJSON) denied(why string) error {
	return pam.Failf(pam.ErrDenied, "%s would be refused from %s: %s", a.Integration, a.From, why).
		WithHint("vault integrations edit %s --add-ip %s", a.Integration, a.From)
}
