// Package exec is redim's command exec: it runs a program with a credential that
// is checked out for as long as the program runs.
package exec

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/cli/handover"
	"github.com/redim-tools/redim/pkg/cli/selection"
	"github.com/redim-tools/redim/pkg/render"
)

// Options are what the command was told.
type Options struct {
	selection.Options
	Handover handover.Options
	Plan     handout.Options // where a dry run goes
	DryRun   bool
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Options: selection.New(app), Handover: handover.New(app), Plan: handout.New(app)}
	cmd := &cobra.Command{
		Use:   "exec [flags] -- <program> [argument...]",
		Short: "Run a program with a credential",
		Long: `Check a credential out, run a program with it, and check it in when the program has
ended, however it ends. The program finds the credential in variables (--env) or in
files that only you can read (--file); with neither, in REDIM_PASSWORD,
REDIM_USERNAME, REDIM_SYSTEM and REDIM_CHECKOUT_ID.

` + handover.Help + `

Exit codes: that of the program; 128 and the signal's number when a signal ended it;
126 it can't be run; 127 there is no such program. Our own: 101 and 102 where other
commands have 1 and 2; 103 the program ended with 0, but the credential is not back,
or a spin job could not be created; 104 to 117 as for checkout.`,
		Example: `  redim exec --user 'EX\alice' --endpoint db01 --account sa --env DB_PASSWORD=password -- ./migrate.sh
  redim exec --user bob --endpoint web02 --account root --file PASSWORD_FILE=password --env LOGIN=username -- ansible-playbook site.yml
  redim exec --user 'EX\alice' --endpoint db01 --account sa --dry-run -- ./migrate.sh`,
		Args: func(cmd *cobra.Command, args []string) error {
			before, err := opts.Handover.Args(cmd, args)
			if err != nil {
				return err
			}
			return cli.NoArgs(cmd, before)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	opts.Add(cmd)
	opts.Handover.Add(cmd)
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell which credential would be checked out, as whom, and what would be run; release nothing")
	cli.OutputFlag(cmd, &opts.Plan.Output, cli.OneFormats()...)
	return cmd
}

func run(ctx context.Context, opts *Options) error {
	if err := opts.Handover.Check(); err != nil {
		return err
	}
	chosen, err := opts.Select(ctx)
	if err != nil {
		return err
	}
	if opts.DryRun {
		return chosen.Plan(&opts.Plan, render.Field{Name: "Program", Value: opts.Handover.Path()})
	}
	return opts.Handover.Run(ctx, handover.Lender{CheckOut: chosen.CheckOut, CheckIn: chosen.Service.CheckIn})
}
