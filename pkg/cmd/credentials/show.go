package credentials

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// ShowOptions are what "credentials show" was told.
type ShowOptions struct {
	Result
	Ref  string
	Open vaultcli.Opener
}

// NewShow makes the command. runF replaces its run in tests; nil is the real one.
func NewShow(app *vaultcli.App, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	opts := &ShowOptions{Result: newResult(app), Open: app.Open}
	cmd := &cobra.Command{
		Use:   "show <system>/<account>",
		Short: "Show a credential without its secret",
		Long: `Show a credential: its policy, its endpoints, the number of its present secret
version, and who changed it last. The secret itself is shown by "vault checkout"
only, so that its release is recorded.

Exit codes: 0; 106 there is no such credential; 109 the store can't be opened.`,
		Example: `  vault credentials show web01/root
  vault credentials show web01/root -o json`,
		Args:              oneRef,
		ValidArgsFunction: app.Complete(vaultcli.Credentials),
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
		c, err := v.Credential(ctx, opts.Ref)
		if err != nil {
			return err
		}
		n, err := policies(ctx, v, c)
		if err != nil {
			return err
		}
		doc, fields := n.json(c), n.fields(c)
		d, err := v.DueRotation(ctx, c.ID)
		switch {
		case err == nil:
			doc.Rotation = &rotationJSON{Since: d.Since, Tries: d.Tries, Next: d.Look}
			fields = append(fields, render.Field{Name: "Rotation due since", Value: d.Since}, render.Field{Name: "Rotation tries", Value: d.Tries}, render.Field{Name: "Rotation next", Value: d.Look})
		case !errors.Is(err, vault.ErrAbsent):
			return err
		}
		return opts.One(doc, fields)
	})
}
