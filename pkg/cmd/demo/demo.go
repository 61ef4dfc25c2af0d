// Package demo is the command demo: the main job, told step by step, against a
// stand-in server inside the process.
package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/term"
)

// Options are what the command was told.
type Options struct {
	Command string
	Streams *term.Streams
	Getenv  func(string) string
	// Again runs another command line with its own environment.
	Again func(ctx context.Context, streams *term.Streams, getenv func(string) string, args []string) int
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Command: app.Name, Streams: app.Streams, Getenv: app.Getenv}
	return &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on a stand-in server, in a few seconds",
		Long: `Start a stand-in RED IM inside this process and run the main job against it over
real HTTPS, one command after the other: settings tested, credentials looked up, a
token cached, a credential checked out and checked in.

Nothing outside a temporary directory is touched, and that is removed at the end.

Exit codes: 0; 1 when a step did not end as it should.`,
		Example: `  redim demo`,
		Args:    cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Again = app.Again
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
}

func run(ctx context.Context, opts *Options) error {
	dir, err := os.MkdirTemp("", "redim-demo-")
	if err != nil {
		return pam.Failf(pam.ErrOther, "make a temporary directory: %w", err).WithHint("set TMPDIR to a directory that you may write to")
	}
	defer func() { _ = os.RemoveAll(dir) }()
	server, err := redimtest.Start(redimtest.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	if err := server.WriteDir(dir); err != nil {
		return err
	}
	show := &show{opts: opts, dir: dir}
	if err := show.say(welcome, server.URL()); err != nil {
		return err
	}
	for _, step := range steps() {
		if err := show.run(ctx, step); err != nil {
			return err
		}
	}
	return show.ledger(server.Stats())
}

const welcome = `A stand-in RED IM runs at %s, with a sample estate:
domain example.local (NetBIOS EX), systems web01, web02 and db01, users EX\alice, EX\carol, EX\dave and bob.`

// step is one command of the demo.
type step struct {
	why  string
	args []string
	code int // the exit code it is to end with
}

func steps() []step {
	alice := []string{"--user", `EX\alice`, "--endpoint", "web01"}
	as := func(command string, more ...string) []string {
		return append(append([]string{command}, alice...), more...)
	}
	return []step{
		{why: "1. Test the settings. It lists what the user may use; no password is asked for.", args: as("test-settings")},
		{why: "2. The same user by another name. Each step of the look-up, and the setting that decided it.",
			args: []string{"test-settings", "--user", "alice@example.local", "--endpoint", "web01", "--explain"}},
		{why: "3. A user without a credential there: a failure has a class, an exit code and a hint.",
			args: []string{"test-settings", "--user", `EX\carol`, "--endpoint", "web01"}, code: cli.ExitNotFound},
		{why: "4. The tokens of these log-ins are kept, encrypted, so that the next call signs nobody in.", args: []string{"cache", "list"}},
		{why: "5. What would a check-out do?", args: as("checkout", "--account", "Administrator", "--dry-run")},
		{why: "6. Check out. The secret stays hidden unless it is asked for.",
			args: as("checkout", "--account", "Administrator", "--ticket", "CHG-4711", "--for", "2h")},
		{why: "7. What is open on this machine?", args: []string{"checkouts"}},
		{why: "8. Give it back. The password is random and set to auto-spin, so a spin job is created.", args: []string{"checkin", "--all"}},
		{why: "9. Forget the tokens, and log them out of the service.", args: []string{"cache", "clear", "--logout"}},
	}
}

// show runs the steps and tells them.
type show struct {
	opts *Options
	dir  string
}

func (s *show) say(format string, args ...any) error {
	_, err := fmt.Fprintf(s.opts.Streams.Out, format+"\n", args...)
	return err
}

func (s *show) run(ctx context.Context, st step) error {
	if err := s.say("\n%s\n$ %s %s", st.why, s.opts.Command, quoted(st.args)); err != nil {
		return err
	}
	streams := s.opts.Streams.Merged()
	code := s.opts.Again(ctx, streams, s.getenv, append(st.args, "--no-input"))
	if err := ctx.Err(); err != nil {
		return err
	}
	if code != 0 {
		if err := s.say("(exit code %d)", code); err != nil {
			return err
		}
	}
	if code != st.code {
		return pam.Failf(pam.ErrOther, "this step was to end with exit code %d, but ended with %d", st.code, code).
			WithHint("please report this, with the output above")
	}
	return nil
}

// getenv is the environment of the steps: files in the temporary directory,
// nothing of the user's own settings.
func (s *show) getenv(name string) string {
	switch name {
	case "REDIM_CONFIG":
		return filepath.Join(s.dir, "settings.yaml")
	case "REDIM_CACHE_DIR":
		return filepath.Join(s.dir, "cache")
	case "REDIM_STATE_DIR":
		return filepath.Join(s.dir, "state")
	case "TERM", "NO_COLOR", "LANG":
		return s.opts.Getenv(name)
	}
	return ""
}

// ledger tells what the server saw, which is what the steps promised.
func (s *show) ledger(stats redimtest.Stats) error {
	return s.say(`
The server counted %d log-in of the delegation identity and %d as a user, %d check-out and %d check-in, %d spin job.
Everything it left is gone now. Next: %s simulate, or %s config init.`,
		stats.Logins.Delegation, stats.Logins.Impersonated, stats.Checkouts.Made, stats.Checkouts.CheckedIn, stats.Jobs.Created,
		s.opts.Command, s.opts.Command)
}

// quoted writes arguments as a shell wants them.
func quoted(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if strings.ContainsAny(a, `\ '`) {
			out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}
