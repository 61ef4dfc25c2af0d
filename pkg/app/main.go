package app

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// Main runs one command line and returns its exit code. The first signal
// cancels the command's context; a second one ends the process. Where a program
// that the command ran was ended by a signal, the same one ends this process.
func Main(name string, root func(*cli.App) *cobra.Command, args []string) int {
	a := New(name, term.System(), os.Getenv)
	err := run(context.Background(), a, root, args, watchSignals)
	code := cli.Report(a, err)
	dieAlike(err)
	return code
}

// Run runs one command line over a given App. Signals are the caller's.
func Run(ctx context.Context, a *cli.App, root func(*cli.App) *cobra.Command, args []string) int {
	return cli.Report(a, run(ctx, a, root, args, func(ctx context.Context) context.Context { return ctx }))
}

// run prepares the context only for a command that really runs: help and
// version need no signals, whose threads cost more than the rest of them.
func run(ctx context.Context, a *cli.App, root func(*cli.App) *cobra.Command, args []string, prepare func(context.Context) context.Context) error {
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
	if a.End != nil {
		a.End()
	}
	if err != nil && leaf.Context().Err() != nil && !hasItsOwnEnd(err) {
		err = interrupted(err)
	}
	return cli.Own(leaf, err)
}

// hasItsOwnEnd reports whether err says how a command ended that was interrupted.
func hasItsOwnEnd(err error) bool {
	_, ended := errors.AsType[*cli.EndedError](err)
	_, coded := errors.AsType[*cli.CodeError](err)
	return ended || coded || errors.Is(err, pam.ErrUncertain) || errors.Is(err, pam.ErrInterrupted)
}

// interrupted says what was going on, unless all that is known is the end.
func interrupted(err error) error {
	if err.Error() == context.Canceled.Error() {
		return pam.Failf(pam.ErrInterrupted, "interrupted")
	}
	return pam.Failf(pam.ErrInterrupted, "interrupted: %w", err)
}

// watchSignals also keeps a reader that went away from ending the process: the
// write fails instead, and the command cleans up. Signals that the process was
// told to ignore, as nohup does, stay ignored.
func watchSignals(ctx context.Context) context.Context {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	watched := slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, signal.Ignored)
	if len(watched) == 0 {
		return ctx
	}
	ctx, stop := signal.NotifyContext(ctx, watched...)
	go func() {
		<-ctx.Done()
		stop() // from here on a signal does what the system does with it
	}()
	return ctx
}
