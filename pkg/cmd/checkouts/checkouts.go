// Package checkouts is the command checkouts: it lists what this machine has
// checked out.
package checkouts

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// Options are what the command was told.
type Options struct {
	All     bool
	Output  string
	Streams *term.Streams
	Now     func() time.Time
	Journal func() (Journal, error)
}

// Journal lists checkouts, oldest first.
type Journal interface {
	Open(context.Context) ([]pam.Checkout, error)
	All(context.Context) ([]pam.Checkout, error)
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Streams: app.Streams, Now: app.Now, Journal: func() (Journal, error) { return app.Journal() }}
	cmd := &cobra.Command{
		Use:   "checkouts",
		Short: "List what this machine has checked out",
		Long: `List the checkouts that are open, of all profiles, from the journal of this
machine. One that stays "intended" was interrupted: the service may hold it.

Exit codes: 0, also for an empty list; 110 the journal can't be read.`,
		Example: `  redim checkouts
  redim checkouts --all -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.All, "all", false, "list also what was given back or refused")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func run(ctx context.Context, opts *Options) error {
	j, err := opts.Journal()
	if err != nil {
		return err
	}
	list := j.Open
	if opts.All {
		list = j.All
	}
	found, err := list(ctx)
	if err != nil {
		return err
	}
	return checkoutList(opts.Now()).Write(opts.Streams, render.Format(opts.Output), found)
}

func checkoutList(now time.Time) render.List[pam.Checkout] {
	return render.List[pam.Checkout]{
		Columns: []render.Column[pam.Checkout]{
			{Name: "ID", Cell: func(c pam.Checkout) any { return c.ID }},
			{Name: "STATE", Cell: func(c pam.Checkout) any { return state(c, now) }},
			{Name: "CREDENTIAL", Cell: func(c pam.Checkout) any { return c.Credential.Ref() }},
			{Name: "IDENTITY", Cell: func(c pam.Checkout) any { return c.Identity.String() }},
			{Name: "SINCE", Cell: func(c pam.Checkout) any { return c.At }},
			{Name: "DUE", Cell: func(c pam.Checkout) any { return c.Due }},
			{Name: "TICKET", Cell: func(c pam.Checkout) any { return c.Ticket }},
			{Name: "PROFILE", Cell: func(c pam.Checkout) any { return c.Profile }},
		},
		JSON:  func(c pam.Checkout) any { return cli.NewCheckoutJSON(c, now) },
		Empty: "no open checkouts",
	}
}

func state(c pam.Checkout, now time.Time) string {
	if c.Overdue(now) {
		return string(c.State) + ", overdue"
	}
	return string(c.State)
}
