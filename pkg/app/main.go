package app

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// Main runs one command line and returns its exit code. The first signal
// cancels the command's context; a second one ends the process.
func Main(name string, root func(*cli.App) *cobra.Command, args []string) int {
	return run(context.Background(), New(name, term.System(), os.Getenv), root, args, watchSignals)
}

// Run runs one command line over a given App. Signals are the caller's.
func Run(ctx context.Context, a *cli.App, root func(*cli.App) *cobra.Command, args []string) int {
	return run(ctx, a, root, args, func(ctx context.Context) context.Context { return ctx })
}

// run prepares the context only for a command that really runs: help and
// version need no signals, whose threads cost more than the rest of them.
func run(ctx context.Context, a *cli.App, root func(*cli.App) *cobra.Command, args []string, prepare func(context.Context) context.Context) int {
	a.Again = func(ctx context.Context, streams *term.Streams, getenv func(string) string, args []string) int {
		return Run(ctx, New(a.Name, streams, getenv), root, args)
	}
	a.JSON = cli.WantsJSON(args)
	cmd := root(a)
	cmd.SetArgs(args)
	cmd.PersistentPreRun = func(leaf *cobra.Command, _ []string) {
		if leaf.HasParent() {
			leaf.SetContext(prepare(leaf.Context()))
		}
	}
	leaf, err := cmd.ExecuteContextC(ctx)
	if err != nil && leaf.Context().Err() != nil && !errors.Is(err, pam.ErrUncertain) && !errors.Is(err, pam.ErrInterrupted) {
		err = interrupted(err)
	}
	return cli.Report(a, err)
}

// interrupted says what was going on, unless all that is known is the end.
func interrupted(err error) error {
	if err.Error() == context.Canceled.Error() {
		return pam.Failf(pam.ErrInterrupted, "interrupted")
	}
	return pam.Failf(pam.ErrInterrupted, "interrupted: %w", err)
}

// watchSignals also keeps a reader that went away from ending the process: the
// write fails instead, and the command cleans up.
func watchSignals(ctx context.Context) context.Context {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-ctx.Done()
		stop() // from here on a signal does what the system does with it
	}()
	return ctx
}
