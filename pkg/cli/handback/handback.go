package handback

import (
	"context"
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
	wanted, err := o.selected(ctx)
	if err != nil {
		return err
	}
	results := make([]result, 0, len(wanted))
	for _, c := range wanted {
		results = append(results, o.give(ctx, c))
	}
	if err := o.list().Write(o.Streams, render.Format(o.Output), results); err != nil {
		return err
	}
	return verdict(results)
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
	if o.DryRun {
		return result{checkout: c, dryRun: true}
	}
	service, err := o.Open(c.Profile)
	if err != nil {
		return result{checkout: c, err: err}
	}
	in, err := service.CheckIn(ctx, c)
	return result{checkout: in.Checkout, in: in, err: err}
}
