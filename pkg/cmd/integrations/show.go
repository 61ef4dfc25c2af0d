package integrations

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// ShowOptions are what "integrations show" was told.
type ShowOptions struct {
	Ref    string // name or id
	Output string

	Streams *term.Streams
	Open    vaultcli.Opener
}

// NewShow makes the command. runF replaces its run in tests; nil is the real one.
func NewShow(app *vaultcli.App, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	opts := &ShowOptions{Streams: app.Streams, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "show <name>|<id>",
		Short: "Show one integration",
		Long: `Show all fields of a record. Of its credential only the kind is shown: nobody can
read it back.

Exit codes: 0; 106 there is no such integration; 109 the store can't be opened.`,
		Example: `  vault integrations show build-server
  vault integrations show build-server -o json`,
		Args:              cli.ExactArgs("the name or the id of an integration"),
		ValidArgsFunction: app.Complete(vaultcli.Integrations),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runShow(cmd.Context(), opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runShow(ctx context.Context, opts *ShowOptions) error {
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		i, err := v.Integration(ctx, opts.Ref)
		if err != nil {
			return err
		}
		return render.One(opts.Streams, render.Format(opts.Output), newRecordJSON(i), fields(i))
	})
}
