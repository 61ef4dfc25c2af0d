package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/app"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	vaultroot "github.com/redim-tools/redim/pkg/cmd/vault"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vaultapp"
)

// colleagueMain is the program vault as another person runs it: the one who is
// called colleague, whatever account the tests run under.
func colleagueMain(args []string) int { return vaultAs("colleague", 0, args) }

// personMain is the program vault as anybody runs it: person alice checkouts.
func personMain(args []string) int {
	if len(args) == 0 {
		_, _ = fmt.Fprintln(os.Stderr, "usage: person NAME args...")
		return cli.ExitUsage
	}
	return vaultAs(args[0], 0, args[1:])
}

// laterMain is the program vault as it runs some time from now: later 2h checkouts.
func laterMain(args []string) int {
	if len(args) > 0 {
		if shift, err := time.ParseDuration(args[0]); err == nil {
			return vaultAs("", shift, args[1:])
		}
	}
	_, _ = fmt.Fprintln(os.Stderr, "usage: later DURATION args...")
	return cli.ExitUsage
}

// powerlessMain is any program as somebody runs it who may do no more than the
// modes of files say: powerless vault checkouts.
func powerlessMain(args []string) int {
	err := errors.New("usage: powerless prog args")
	if len(args) > 0 {
		err = powerless(args)
	}
	_, _ = fmt.Fprintln(os.Stderr, "powerless:", err)
	return cli.ExitUsage
}

// vaultAs runs vault as somebody, empty for whoever runs the tests, with a clock
// that is ahead.
func vaultAs(name string, shift time.Duration, args []string) int {
	root := func(a *cli.App) *cobra.Command {
		a.Now = func() time.Time { return time.Now().Add(shift) }
		v := vaultapp.New(a)
		open := v.Open
		v.Open = func(ctx context.Context) (*vaultcli.Vault, error) {
			opened, err := open(ctx)
			if err == nil && name != "" {
				opened.Actor.Name = name
			}
			return opened, err
		}
		return vaultroot.New(v)
	}
	return app.Run(context.Background(), app.New("vault", term.System(), os.Getenv), root, args)
}

// column keeps one column of the first line that a command wrote, for later
// lines of the script to name as $NAME.
func column(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: column NAME N")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	line, _, _ := strings.Cut(ts.ReadFile("stdout"), "\n")
	cells := slices.Collect(strings.SplitSeq(line, "\t"))
	if n < 1 || n > len(cells) {
		ts.Fatalf("there is no column %d in %q", n, line)
	}
	ts.Setenv(args[0], cells[n-1])
}
