package policies

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

// ListOptions are what "policies list" was told.
type ListOptions struct {
	vaultcli.Pages
	Match  string
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
		Use:   "list [<name>]",
		Short: "List policies",
		Long: `List policies by name. The argument is a part of the name, or the whole of it with *
for any text; case does not matter. At most --limit are listed.

Exit codes: 0, also for an empty list; 2 a criterion can't be; 109 the store can't
be opened.`,
		Example: `  vault policies list
  vault policies list 'prod*' -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return pam.Failf(pam.ErrUsage, "%s takes one name, but got %d", cmd.CommandPath(), len(args)).WithHint("quote a name that has blanks")
			}
			return nil
		},
		ValidArgsFunction: app.Complete(vaultcli.Policies),
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
	opts.Add(cmd)
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runList(ctx context.Context, opts *ListOptions) error {
	paging, err := opts.Paging()
	if err != nil {
		return err
	}
	match, err := vault.ParseMatch(opts.Match)
	if err != nil {
		return err
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		page, err := v.Policies(ctx, vault.PolicyCriteria{Name: match, Paging: paging}, opts.Cursor)
		if err != nil {
			return err
		}
		if err := recordList(page.Next).Write(opts.Streams, render.Format(opts.Output), page.Items); err != nil {
			return err
		}
		opts.More(page.Next, opts.Output, opts.Command, opts.Say)
		return nil
	})
}
