// Package checkin is the command checkin: it gives back what was checked out.
package checkin

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handback"
)

// Options are what the command was told.
type Options struct{ handback.Options }

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{handback.Options{
		Command: app.Name, Spins: true, Streams: app.Streams, Now: app.Now,
		Open:    handback.Opener(app, func(s *cli.Service) handback.Service { return s }),
		Journal: func() (handback.Journal, error) { return app.Journal() },
	}}
	cmd := &cobra.Command{
		Use:   "checkin <id>...",
		Short: "Give checked-out credentials back",
		Long: `Give back the checkouts with these ids, as "checkouts" lists them; the beginning
of an id will do. Each is given back with the profile it was made with. Where the
settings ask for it, a spin job is created for the credential.

Exit codes: 0, also when the service had taken it back already; 103 some were
given back and some were not, or a spin job could not be created; 106 no such
open checkout; 110 the journal can't be written.`,
		Example: `  redim checkin k3vq7m2d
  redim checkin --all
  redim checkin --all --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.IDs = args
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return opts.Run(cmd.Context())
		},
	}
	cmd.ValidArgsFunction = completeIDs(opts)
	opts.Add(cmd)
	return cmd
}

func completeIDs(opts *Options) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		j, err := opts.Journal()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		open, _ := j.Open(cmd.Context())
		var ids []cobra.Completion
		for _, c := range open {
			ids = append(ids, cobra.CompletionWithDesc(c.ID, c.Credential.Ref()))
		}
		return ids, cobra.ShellCompDirectiveNoFileComp
	}
}
