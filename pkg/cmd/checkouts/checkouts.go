// Package checkouts is the command checkouts: it lists what this machine has
// checked out.
package checkouts

import (
	"context"
	"slices"
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
	Abandoned(context.Context) ([]pam.Checkout, error)
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Streams: app.Streams, Now: app.Now, Journal: func() (Journal, error) { return app.Journal() }}
	cmd := &cobra.Command{
		Use:   "checkouts",
		Short: "List what this machine has checked out",
		Long: `List the checkouts that are open, of all profiles, from the journal of this
machine; "show" tells all about one of them. One that is "in use" belongs to a command
that still runs. One that is "abandoned" was left by a command that was killed:
"recover" gives it back. All others are kept until "checkin" gives them back.

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
	cmd.AddCommand(NewShow(app, nil))
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
	abandoned, _ := j.Abandoned(ctx) // without being able to tell, they are listed all the same
	return checkoutList(opts.Now(), abandoned).Write(opts.Streams, render.Format(opts.Output), found)
}

// checkoutJSON is a checkout with who answers for it.
type checkoutJSON struct {
	cli.CheckoutJSON
	Abandoned bool `json:"abandoned"`         // its command is gone, so "recover" gives it back
	Process   int  `json:"process,omitempty"` // of the command that answers for it, or did
}

func newCheckoutJSON(c pam.Checkout, abandoned bool, now time.Time) checkoutJSON {
	return checkoutJSON{CheckoutJSON: cli.NewCheckoutJSON(c, now), Abandoned: abandoned, Process: c.Process}
}

func isAmong(c pam.Checkout, all []pam.Checkout) bool {
	return slices.ContainsFunc(all, func(a pam.Checkout) bool { return a.ID == c.ID })
}

func checkoutList(now time.Time, abandoned []pam.Checkout) render.List[pam.Checkout] {
	return render.List[pam.Checkout]{
		Columns: []render.Column[pam.Checkout]{
			{Name: "ID", Cell: func(c pam.Checkout) any { return c.ID }},
			{Name: "STATE", Cell: func(c pam.Checkout) any { return state(c, isAmong(c, abandoned), now) }},
			{Name: "CREDENTIAL", Cell: func(c pam.Checkout) any { return c.Credential.Ref() }},
			{Name: "IDENTITY", Cell: func(c pam.Checkout) any { return c.Identity.String() }},
			{Name: "SINCE", Cell: func(c pam.Checkout) any { return c.At }},
			{Name: "DUE", Cell: func(c pam.Checkout) any { return c.Due }},
			{Name: "TICKET", Cell: func(c pam.Checkout) any { return c.Ticket }},
			{Name: "PROFILE", Cell: func(c pam.Checkout) any { return c.Profile }},
		},
		JSON:  func(c pam.Checkout) any { return newCheckoutJSON(c, isAmong(c, abandoned), now) },
		Empty: "no open checkouts",
	}
}

func state(c pam.Checkout, abandoned bool, now time.Time) string {
	switch {
	case abandoned:
		return string(c.State) + ", abandoned"
	case c.Process != 0:
		return string(c.State) + ", in use"
	case c.Overdue(now):
		return string(c.State) + ", overdue"
	}
	return string(c.State)
}
