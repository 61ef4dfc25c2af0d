package integrations

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
)

// DeleteOptions are what "integrations delete" was told.
type DeleteOptions struct {
	Ref    string // name or id
	Yes    bool
	DryRun bool

	Say    func(format string, args ...any)
	Prompt func() prompt.Prompter
	Open   vaultcli.Opener
}

// NewDelete makes the command. runF replaces its run in tests; nil is the real one.
func NewDelete(app *vaultcli.App, runF func(context.Context, *DeleteOptions) error) *cobra.Command {
	opts := &DeleteOptions{Say: app.Say, Prompt: app.Prompt, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "delete <name>|<id>",
		Short: "Delete an integration",
		Long: `Delete a record, after its name was typed again; a script says --yes. What the
integration did stays in the record of events, under its name and its id.

To keep it from signing in for a while, deactivate it instead.

Exit codes: 0; 2 nobody can be asked, and --yes is not given; 106 there is no such
integration; 107 it was changed meanwhile; 109 the store can't be opened; 110 it
can't be written to; 130 another name was typed, or the question was left.`,
		Example: `  vault integrations delete build-server
  vault integrations delete build-server --yes
  vault integrations delete build-server --dry-run`,
		Args:              cli.ExactArgs("the name or the id of an integration"),
		ValidArgsFunction: app.Complete(vaultcli.Integrations),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runDelete(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what would be deleted; delete nothing")
	return cmd
}

func runDelete(ctx context.Context, opts *DeleteOptions) error {
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		i, err := v.Integration(ctx, opts.Ref)
		if err != nil {
			return err
		}
		if opts.DryRun {
			opts.Say("would delete integration %s (%s)", i.Name, i.ID)
			return nil
		}
		if err := opts.confirm(ctx, i.Name); err != nil {
			return err
		}
		if i, err = v.DeleteIntegration(ctx, v.Actor, i.ID); err != nil {
			return err
		}
		opts.Say("deleted integration %s; its events stay: vault events list --integration %s", i.Name, i.ID)
		return nil
	})
}

func (o *DeleteOptions) confirm(ctx context.Context, name string) error {
	if o.Yes {
		return nil
	}
	sure, err := o.Prompt().ConfirmTyped(ctx, prompt.Question{Label: "Are you sure you want to delete " + name + "?", Flag: "--yes"}, name)
	if err == nil && !sure {
		err = pam.Failf(pam.ErrInterrupted, "that is not its name; nothing was deleted").WithHint("type the name as it is shown, or say --yes")
	}
	return err
}
