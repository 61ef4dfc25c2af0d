package handback

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// Options say what is to be given back, and where. All below the flags must be set.
type Options struct {
	IDs    []string
	All    bool
	DryRun bool
	Output string

	Command string // "redim", for the commands that messages name
	Spins   bool   // a check-in may be followed by a spin job, and the results tell of it
	Streams *term.Streams
	Now     func() time.Time
	Journal func() (Journal, error)
	// Open yields the service of one profile.
	Open func(profile string) (Service, error)
	// Pick finds what is to be given back, where not IDs and All do.
	Pick func(context.Context) ([]pam.Checkout, error)
	// Empty is said when there was nothing to give back.
	Empty string
	// Sweep has whatever failed make the whole a partial failure, also the
	// only one.
	Sweep bool

	down map[string]error // per profile: its service can't be reached
}

// Journal lists the open checkouts.
type Journal interface {
	Open(context.Context) ([]pam.Checkout, error)
}

// Service checks in.
type Service interface {
	CheckIn(context.Context, pam.Checkout) (engine.CheckInResult, error)
}

// Add adds the flags to a command, and the check of its arguments.
func (o *Options) Add(cmd *cobra.Command) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if (len(args) == 0) != o.All {
			return pam.Failf(pam.ErrUsage, "name the checkouts to give back, or all of them").WithHint("usage: %s, or with --all; list them with: %s checkouts", cmd.UseLine(), o.Command)
		}
		return nil
	}
	cmd.Flags().BoolVar(&o.All, "all", false, "give back everything that is open")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "tell what would be given back")
	cli.OutputFlag(cmd, &o.Output, cli.ListFormats()...)
}

// Run gives the checkouts back that the options name, and tells what became of
// each.
func (o *Options) Run(ctx context.Context) error {
	pick := o.selected
	if o.Pick != nil {
		pick = o.Pick
	}
	wanted, err := pick(ctx)
	if err != nil {
		return err
	}
	inOrder(wanted)
	results := make([]result, 0, len(wanted))
	for _, c := range wanted {
		results = append(results, o.give(ctx, c))
	}
	if err := o.list().Write(o.Streams, render.Format(o.Output), results); err != nil {
		return err
	}
	return o.verdict(results)
}

// selected finds all the checkouts before any is given back.
func (o *Options) selected(ctx context.Context) ([]pam.Checkout, error) {
	j, err := o.Journal()
	if err != nil {
		return nil, err
	}
	open, err := j.Open(ctx)
	if err != nil || o.All {
		return open, err
	}
	wanted := make([]pam.Checkout, 0, len(o.IDs))
	for _, id := range o.IDs {
		c, err := engine.FindOpen(open, id)
		if err != nil {
			return nil, err
		}
		wanted = append(wanted, c)
	}
	return wanted, nil
}

func (o *Options) give(ctx context.Context, c pam.Checkout) result {
	r := result{checkout: c, spinOnly: c.State == pam.CheckoutCheckedIn, dryRun: o.DryRun}
	if !r.dryRun {
		r.in, r.err = o.ask(ctx, c)
		r.checkout = r.in.Checkout
	}
	return r
}

func (o *Options) ask(ctx context.Context, c pam.Checkout) (engine.CheckInResult, error) {
	none := engine.CheckInResult{Checkout: c}
	if err := o.down[c.Profile]; err != nil {
		return none, pam.Failf(pam.ErrUnreachable, "%s was not tried: %w", c.Credential.Ref(), err)
	}
	service, err := o.Open(c.Profile)
	if err != nil {
		return none, err
	}
	in, err := service.CheckIn(ctx, c)
	if errors.Is(err, pam.ErrUnreachable) { // each further one would take as long to fail
		if o.down == nil {
			o.down = map[string]error{}
		}
		o.down[c.Profile] = err
	}
	return in, err
}

// Opener opens the service of each profile once, and has as make it what the
// options need.
func Opener(app *cli.App, as func(*cli.Service) Service) func(profile string) (Service, error) {
	open := app.Services()
	return func(profile string) (Service, error) {
		service, err := open(profile)
		if err != nil {
			return nil, err
		}
		return as(service), nil
	}
}
