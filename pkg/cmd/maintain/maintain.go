// Package maintain is the command maintain: it does what time asks for.
package maintain

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// Options are what the command was told.
type Options struct {
	Output string

	Streams *term.Streams
	Open    vaultcli.Opener
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *vaultcli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Streams: app.Streams, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "maintain",
		Short: "End what is over, and sign a checkpoint",
		Long: `Check in what is held beyond its time, close requests that nobody decided in time,
rotate credentials where their policy says so, remove what signed-in integrations no
longer can use, and sign a checkpoint of the record of events. Every other command ends what is over too, when it starts; run this one by a
timer, so that it happens when nobody calls.

Any number may run at once, and one that was interrupted is run again.

Exit codes: 0, also when nothing was to be done; 109 the store can't be opened; 110
it can't be written to.`,
		Example: `  vault maintain
  vault maintain -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

// doneJSON is the answer in JSON and YAML.
type doneJSON struct {
	Expired    int  `json:"expired"`    // leases that were ended
	Settled    int  `json:"settled"`    // requests that were closed
	Tokens     int  `json:"tokens"`     // tokens of signed-in integrations that had ended and were removed
	Returned   int  `json:"returned"`   // credentials of other sources that were given back there
	Owed       int  `json:"owed"`       // those that could not be; the next call tries again
	Rotated    int  `json:"rotated"`    // credentials that have a new secret, as their policy says
	Unrotated  int  `json:"unrotated"`  // those whose rotator failed, or is not known here; tried again later
	Checkpoint bool `json:"checkpoint"` // one was signed, because there are new events
}

func run(ctx context.Context, opts *Options) error {
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		dropped, err := v.DropTokens(ctx)
		if err != nil {
			return err
		}
		done, err := v.Maintain(ctx)
		if err != nil {
			return err
		}
		done.Tokens = dropped.Tokens
		done.Expired += v.Ended.Expired
		done.Settled += v.Ended.Settled
		done.Rotated += v.Ended.Rotated
		return render.One(opts.Streams, render.Format(opts.Output), doneJSON(done), []render.Field{
			{Name: "Expired", Value: done.Expired}, {Name: "Settled", Value: done.Settled}, {Name: "Tokens", Value: done.Tokens}, {Name: "Returned", Value: done.Returned}, {Name: "Owed", Value: done.Owed},
			{Name: "Rotated", Value: done.Rotated}, {Name: "Unrotated", Value: done.Unrotated}, {Name: "Checkpoint", Value: done.Checkpoint},
		})
	})
}
