package config

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// LintOptions are what "config lint" was told.
type LintOptions struct {
	Strict  bool
	Output  string
	Streams *term.Streams
	Say     func(format string, args ...any)
	Lint    func() ([]config.Problem, error)
}

// NewLint makes the command. runF replaces its run in tests; nil is the real one.
func NewLint(app *cli.App, runF func(context.Context, *LintOptions) error) *cobra.Command {
	opts := &LintOptions{Streams: app.Streams, Say: app.Say, Lint: linter(app)}
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Check the settings, and tell everything that is wrong",
		Long: `Check the whole settings file, all its profiles, and what the environment and
--set put on top of the one in use. Everything is told at once: whether it is an
error or a warning, where it stands, and how to mend it. Nothing is asked of the
service; "test-settings" does that.

Exit codes: 0, also with warnings; 2 errors, or with --strict warnings.`,
		Example: `  redim config lint
  redim config lint --strict -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runLint(opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Strict, "strict", false, "fail on warnings too")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func linter(app *cli.App) func() ([]config.Problem, error) {
	return func() ([]config.Problem, error) {
		problems, err := config.Lint(app.ConfigOptions(), app.Globals.AcceptRisk)
		return append(problems, config.LintEnv(app.Environ(), secretVariables(app)...)...), err
	}
}

// secretVariables are those that hold secrets, as far as the settings can be read.
func secretVariables(app *cli.App) []string {
	s, err := config.Load(app.ConfigOptions())
	if err != nil {
		return nil
	}
	return s.SecretVariables()
}

func runLint(opts *LintOptions) error {
	problems, err := opts.Lint()
	if err != nil {
		return err
	}
	if opts.Output == "" && opts.Streams.InteractiveOut() {
		err = writeProblems(opts.Streams.Out, problems)
	} else {
		err = problemList().Write(opts.Streams, render.Format(opts.Output), problems)
	}
	if err != nil {
		return err
	}
	return opts.verdict(problems)
}

func (o *LintOptions) verdict(problems []config.Problem) error {
	errs := errorsIn(problems)
	warnings := len(problems) - errs
	switch {
	case errs > 0 || o.Strict && warnings > 0:
		return pam.Failf(pam.ErrUsage, "the settings have %s and %s", count(errs, "error"), count(warnings, "warning")).
			WithHint("mend them with: redim config edit")
	case warnings > 0:
		o.Say("%s, no error", count(warnings, "warning"))
	default:
		o.Say("nothing is wrong with the settings")
	}
	return nil
}

func errorsIn(problems []config.Problem) int {
	n := 0
	for _, p := range problems {
		if p.Severity == config.SeverityError {
			n++
		}
	}
	return n
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// writeProblems writes them for people: a line each, its cure below.
func writeProblems(w io.Writer, problems []config.Problem) error {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(term.Safe(problemLine(p)) + "\n")
		if p.Hint != "" {
			b.WriteString("    hint: " + term.Safe(p.Hint) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// problemLine is like a compiler's, so that editors can follow it.
func problemLine(p config.Problem) string {
	line := string(p.Severity) + ": "
	if p.Where != "" && p.Where != string(config.LayerDefault) {
		line = p.Where + ": " + line
	}
	if p.Key != "" {
		line += p.Key + ": "
	}
	return line + p.Message
}

func problemList() render.List[config.Problem] {
	return render.List[config.Problem]{
		Columns: []render.Column[config.Problem]{
			{Name: "SEVERITY", Cell: func(p config.Problem) any { return string(p.Severity) }},
			{Name: "WHERE", Cell: func(p config.Problem) any { return p.Where }},
			{Name: "KEY", Cell: func(p config.Problem) any { return p.Key }},
			{Name: "MESSAGE", Cell: func(p config.Problem) any { return p.Message }},
			{Name: "HINT", Cell: func(p config.Problem) any { return p.Hint }},
			{Name: "PROFILE", Cell: func(p config.Problem) any { return p.Profile }},
		},
		JSON: func(p config.Problem) any { return p },
	}
}
