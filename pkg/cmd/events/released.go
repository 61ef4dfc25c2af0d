package events

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/term"
)

// ReleasedOptions are what "events released" was told.
type ReleasedOptions struct {
	Value  string // the source of it
	Cursor string
	Output string

	Command string
	Streams *term.Streams
	Say     func(format string, args ...any)
	Read    func(context.Context, vaultcli.Secret, string) (secret.Value, error)
	Open    vaultcli.Opener
}

// NewReleased makes the command. runF replaces its run in tests; nil is the real one.
func NewReleased(app *vaultcli.App, runF func(context.Context, *ReleasedOptions) error) *cobra.Command {
	opts := &ReleasedOptions{Streams: app.Streams, Say: app.Say, Read: app.Read, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "released --value <source>",
		Short: "Tell whether a secret was ever released",
		Long: `List the check-outs that released this very secret: to whom, when and why. It is
found by a keyed hash; the record holds no secret. The secret is read from a source,
never from the command line.

Exit codes: 0, also when it was never released; 2 no source is given, or it can't be
read; 109 the store can't be opened.`,
		Example: `  vault events released --value prompt
  printf %s "$FOUND" | vault events released --value - -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Command = cmd.CommandPath() + " --value " + opts.Value
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runReleased(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.Value, "value", "", "`source` of the secret: env:NAME, file:PATH, cmd:COMMAND, keyring:NAME, prompt, or - for standard input")
	cmd.Flags().StringVar(&opts.Cursor, "cursor", "", "go on after the `cursor` that the list before gave")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runReleased(ctx context.Context, opts *ReleasedOptions) error {
	if opts.Value == "" {
		return pam.Failf(pam.ErrUsage, "--value is not given").WithHint("name the source of the secret: env:NAME, file:PATH, prompt, or - for standard input")
	}
	v, err := opts.Read(ctx, vaultcli.Secret{Label: "Secret", Flag: "--value"}, opts.Value)
	if err != nil {
		return err
	}
	defer v.Wipe()
	return opts.Open.With(ctx, func(store *vaultcli.Vault) error {
		page, err := store.Released(ctx, v, opts.Cursor)
		if err != nil {
			return err
		}
		if err := eventList("it was never released", page.Next).Write(opts.Streams, render.Format(opts.Output), page.Items); err != nil {
			return err
		}
		pages := vaultcli.Pages{}
		pages.More(page.Next, opts.Output, opts.Command, opts.Say)
		return nil
	})
}
