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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	go func() {
		<-ctx.Done()
		stop()
	}()
	return Run(ctx, New(name, term.System(), os.Getenv), root, args)
}

// Run runs one command line over a given App.
func Run(ctx context.Context, a *cli.App, root func(*cli.App) *cobra.Command, args []string) int {
	a.Again = func(ctx context.Context, streams *term.Streams, getenv func(string) string, args []string) int {
		return Run(ctx, New(a.Name, streams, getenv), root, args)
	}
	cmd := root(a)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil && !errors.Is(err, pam.ErrUncertain) && !errors.Is(err, pam.ErrInterrupted) {
		err = pam.Failf(pam.ErrInterrupted, "interrupted: %w", err)
	}
	return cli.Report(a, err, cli.WantsJSON(args))
}
