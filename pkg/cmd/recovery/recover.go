// Package recovery is the command recover: it brings to an end what a killed
// command or a reboot left of checkouts.
package recovery

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handback"
	"github.com/redim-tools/redim/pkg/cli/handover"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
)

// Options are what the command was told.
type Options struct {
	handback.Options

	Journal func() (Journal, error)
	Say     func(format string, args ...any)
	// RemoveFiles removes the files of programs whose exec was killed.
	RemoveFiles func()
}

// Journal tells what nobody will give back.
type Journal interface {
	Open(context.Context) ([]pam.Checkout, error)
	Abandoned(context.Context) ([]pam.Checkout, error)
	Recover(ctx context.Context, waiting func()) (release func(), err error)
}

// service recovers where others check in.
type service struct{ *engine.Engine }

func (s service) CheckIn(ctx context.Context, c pam.Checkout) (engine.CheckInResult, error) {
	return s.Recover(ctx, c)
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{
		Options: handback.Options{
			Command: app.Name, Spins: true, Streams: app.Streams, Now: app.Now, Sweep: true, Empty: "nothing to recover",
			Open: handback.Opener(app, func(s *cli.Service) handback.Service { return service{s.Engine} }),
		},
		Journal: func() (Journal, error) { return app.Journal() }, Say: app.Say,
		RemoveFiles: func() { handover.RemoveLeft(app.Getenv) },
	}
	cmd := &cobra.Command{
		Use:   "recover",
		Short: "Give back what a kill or a reboot left checked out",
		Long: `Give back the checkouts whose command was killed, or ended with a reboot, before it
had handed the secret over or, as "exec", had given it back itself; and spin what was
given back when the kill came. Files with secrets that a killed "exec" left are
removed. All profiles are recovered, each checkout with the profile it was made with.

What a finished "checkout" handed over is kept: it is given back by "checkin" only.
What a command that still runs has is left to it. A second recovery at the same time
waits for the first, and then finds nothing left to do.

Exit codes: 0, also when there was nothing to do or the service had taken it back
already; 103 some could not be given back, or a spin job could not be created; 110
the journal can't be read or written; 130 interrupted.`,
		Example: `  redim recover
  redim recover --dry-run
  redim recover -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what would be given back")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func run(ctx context.Context, opts *Options) error {
	j, err := opts.Journal()
	if err != nil {
		return err
	}
	if !opts.DryRun {
		release, err := j.Recover(ctx, func() { opts.Say("another recovery is under way; waiting for it") })
		if err != nil {
			return err
		}
		defer release()
		opts.RemoveFiles()
	}
	opts.Pick = func(ctx context.Context) ([]pam.Checkout, error) { return opts.pick(ctx, j) }
	return opts.Run(ctx)
}

// pick finds what is abandoned, and tells what is left alone.
func (o *Options) pick(ctx context.Context, j Journal) ([]pam.Checkout, error) {
	abandoned, err := j.Abandoned(ctx)
	if err != nil {
		return nil, err
	}
	open, err := j.Open(ctx)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(open, func(c pam.Checkout) bool { return slices.ContainsFunc(abandoned, same(c)) })
	o.tellLeft(others)
	return slices.DeleteFunc(abandoned, func(c pam.Checkout) bool {
		i := slices.IndexFunc(others, func(other pam.Checkout) bool { return holdsTheSame(c, other) })
		if i >= 0 {
			o.Say("%s was left: %s has %s too, and gives it back", c.ID, others[i].ID, c.Credential.Ref())
		}
		return i >= 0
	}), nil
}

func same(c pam.Checkout) func(pam.Checkout) bool {
	return func(other pam.Checkout) bool { return c.ID == other.ID }
}

// holdsTheSame reports whether the service has both checkouts as one: whoever
// gives back the one takes the other's away.
func holdsTheSame(a, b pam.Checkout) bool {
	return a.Service == b.Service && a.Identity.Equal(b.Identity) && a.Credential.Same(b.Credential)
}

func (o *Options) tellLeft(others []pam.Checkout) {
	kept, busy := 0, 0
	for _, c := range others {
		if c.Process == 0 {
			kept++
		} else {
			busy++
		}
	}
	if kept > 0 {
		o.Say("%s for whoever made them; \"%s checkin\" gives them back", plural(kept, "checkout is kept", "checkouts are kept"), o.Command)
	}
	if busy > 0 {
		o.Say("%s in use by a command that runs", plural(busy, "checkout is", "checkouts are"))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
