package credentials

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// ListOptions are what "credentials list" was told.
type ListOptions struct {
	vaultcli.Pages
	Match  string // a part of system/account, or a pattern of it
	For    string
	Kind   string
	Access string
	Policy string
	Output string

	Command string
	Streams *term.Streams
	Say     func(format string, args ...any)
	Open    vaultcli.Opener
}

// NewList makes the command. runF replaces its run in tests; nil is the real one.
func NewList(app *vaultcli.App, runF func(context.Context, *ListOptions) error) *cobra.Command {
	opts := &ListOptions{Streams: app.Streams, Say: app.Say, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "list [<pattern>]",
		Short: "List credentials",
		Long: `List credentials by system and account. The argument is a part of system/account,
or the whole of it with * for any text; case does not matter. Nothing that is secret
is listed.

At most --limit are listed. When there are more, "next" of the JSON, or a line on
standard error, holds the cursor that goes on.

Exit codes: 0, also for an empty list; 2 a criterion can't be; 106 there is no such
policy; 109 the store can't be opened.`,
		Example: `  vault credentials list
  vault credentials list 'web*/root' --policy production
  vault credentials list --for web01 -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return pam.Failf(pam.ErrUsage, "%s takes one pattern, but got %d", cmd.CommandPath(), len(args)).WithHint("quote a pattern, or the shell puts names of files in its place")
			}
			return nil
		},
		ValidArgsFunction: app.Complete(vaultcli.Credentials),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Command = cmd.CommandPath()
			if len(args) > 0 {
				opts.Match = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runList(cmd.Context(), opts)
		},
	}
	f := cmd.Flags()
	f.StringVar(&opts.For, "for", "", "only what is for this `system`: its own, and those that it is an endpoint of")
	f.StringVar(&opts.Kind, "kind", "", "only this `sort` of secret: "+kinds())
	f.StringVar(&opts.Access, "access", "", "only what is offered `so`: restricted or shared")
	f.StringVar(&opts.Policy, "policy", "", "only those with the policy of this `name`")
	cli.Complete(cmd, "kind", kindWords()...)
	cli.Complete(cmd, "access", string(vault.AccessRestricted), string(vault.AccessShared))
	cli.CompleteWith(cmd, "policy", app.Complete(vaultcli.Policies))
	opts.Add(cmd)
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

// criteria reads all but the policy.
func (o *ListOptions) criteria() (c vault.CredentialCriteria, err error) {
	if c.Paging, err = o.Paging(); err != nil {
		return c, err
	}
	if c.Match, err = vault.ParseMatch(o.Match); err != nil {
		return c, err
	}
	if o.Kind != "" {
		if c.Kind, err = vault.ParseKind(o.Kind); err != nil {
			return c, err
		}
	}
	c.For = o.For
	c.Access, err = vault.ParseAccess(o.Access)
	return c, err
}

func runList(ctx context.Context, opts *ListOptions) error {
	c, err := opts.criteria()
	if err != nil {
		return err
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		if opts.Policy != "" {
			p, err := v.Policy(ctx, opts.Policy)
			if err != nil {
				return err
			}
			c.PolicyID = p.ID
		}
		page, err := v.Credentials(ctx, c, opts.Cursor)
		if err != nil {
			return err
		}
		n, err := policies(ctx, v, page.Items...)
		if err != nil {
			return err
		}
		if err := n.list(page.Next).Write(opts.Streams, render.Format(opts.Output), page.Items); err != nil {
			return err
		}
		opts.More(page.Next, opts.Output, opts.Command, opts.Say)
		return nil
	})
}
