package checkout

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/cli/selection"
	"github.com/redim-tools/redim/pkg/pam"
)

// Options are what the command was told.
type Options struct {
	selection.Options
	Handout handout.Options
	DryRun  bool
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Options: selection.New(app), Handout: handout.New(app)}
	cmd := &cobra.Command{
		Use:   "checkout",
		Short: "Check a credential out",
		Long: `Look up the credentials that the user may use on the endpoint, and check one of
them out. Before the service is asked, the intent is on disk; "checkouts" lists
what is open and "checkin" gives it back.

Nothing secret is shown on a terminal without --reveal. In a pipe, --field
password writes the password and a newline and nothing else. --out writes the
password to a new file with mode 0600.

When several credentials fit, a terminal shows a menu; a script has to name
one with --account and --list.

Exit codes: 0; 2 several credentials fit and none was named; 104 to 106, 109, 111,
112 and 117 as for test-settings; 107 someone else holds it; 110 the journal
can't be written, and nothing was released.`,
		Example: `  redim checkout --user 'EX\alice' --endpoint web01 --account Administrator --reveal
  redim checkout --user 'EX\alice' --endpoint web01 --account Administrator --ticket CHG-4711 --field password
  redim checkout --user 'EX\alice' --endpoint web01 --account Administrator --dry-run`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	opts.Add(cmd)
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell which credential would be checked out, as whom, and what would be spun; release nothing")
	opts.Handout.Add(cmd)
	return cmd
}

func run(ctx context.Context, opts *Options) error {
	if err := opts.Handout.Check(); err != nil {
		return err
	}
	chosen, err := opts.Select(ctx)
	if err != nil {
		return err
	}
	if opts.DryRun {
		return chosen.Plan(&opts.Handout)
	}
	opts.Handout.Keep = func(c pam.Checkout) error { return chosen.Service.Keep(ctx, c) }
	return opts.Handout.Deliver(func() (pam.Checkout, pam.Release, error) { return chosen.CheckOut(ctx) })
}
