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
	// Ignore reads the password without a check-out.
	Ignore bool

	Accepts func(risk string) bool
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Options: selection.New(app), Handout: handout.New(app), Accepts: app.Globals.Accepts}
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

--ignore-checkout reads the password without checking it out, also one that somebody
else holds. It needs the permission Ignore Password Checkout of RED IM, and
--accept-risk=ignore-checkout. Nothing is to be given back then, and nothing is spun;
the journal keeps that it was read.

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
	cmd.Flags().BoolVar(&opts.Ignore, "ignore-checkout", false, "read the password without checking it out, whoever holds it")
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell which credential would be checked out, as whom, and what would be spun; release nothing")
	opts.Handout.Add(cmd)
	cli.Exclude(cmd, "ignore-checkout", "for")
	return cmd
}

// check refuses, before anything is asked for, what could only go wrong after.
func (o *Options) check() error {
	if err := o.Handout.Check(); err != nil {
		return err
	}
	if o.Ignore && !o.Accepts(cli.RiskIgnoreCheckout) {
		return pam.Failf(pam.ErrUsage, "--ignore-checkout takes a password from whoever holds it, and nothing spins it afterwards").
			WithHint("check it out instead; where that is impossible, accept the risk by name: --accept-risk=%s", cli.RiskIgnoreCheckout)
	}
	return nil
}

func run(ctx context.Context, opts *Options) error {
	if err := opts.check(); err != nil {
		return err
	}
	chosen, err := opts.Select(ctx)
	if err != nil {
		return err
	}
	if opts.Ignore {
		return read(ctx, opts, chosen)
	}
	if opts.DryRun {
		return chosen.Plan(&opts.Handout)
	}
	opts.Handout.Keep = func(c pam.Checkout) error { return chosen.Service.Keep(ctx, c) }
	return opts.Handout.Deliver(func() (pam.Checkout, pam.Release, error) { return chosen.CheckOut(ctx) })
}

// read hands the password out without a check-out.
func read(ctx context.Context, opts *Options, chosen selection.Selected) error {
	if opts.DryRun {
		return chosen.PlanRead(&opts.Handout)
	}
	return opts.Handout.Deliver(func() (pam.Checkout, pam.Release, error) { return chosen.Read(ctx) })
}
