package dialect

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/term"
)

// ProbeOptions are what "dialect probe" was told.
type ProbeOptions struct {
	Name   string // empty is the one in the settings, or else the recommended one
	Output string

	Streams *term.Streams
	Say     func(format string, args ...any)
	// Probe asks the installation. It also tells the dialect in the settings.
	Probe func(context.Context) (s dialect.Survey, set string, err error)
}

// NewProbe makes the command. runF replaces its run in tests; nil is the real one.
func NewProbe(app *cli.App, runF func(context.Context, *ProbeOptions) error) *cobra.Command {
	opts := &ProbeOptions{Streams: app.Streams, Say: app.Say, Probe: prober(app)}
	cmd := &cobra.Command{
		Use:   "probe [<dialect>]",
		Short: "Ask an installation which operations it has",
		Long: `Read the help page of each interface of the web service and list, for each dialect,
the operations that are needed, found or missing, and what is there in place of a
missing one. Then recommend a dialect and the overrides (dialect_operations) that it
would need. Nobody signs in, and of the settings only the address must be right.

The result is that of the dialect named here, of the one in the settings, or, with
auto, of the recommended one.

Exit codes: 0 everything needed is there; 2 an unknown dialect; 103 something is
missing; 106 there is no help page; 109, 111 and 117 as for test-settings.`,
		Example: `  redim dialect probe
  redim dialect probe rest -o json
  redim dialect probe --set endpoint_url=https://pam.example.com/ERPMWebService/AuthService.svc`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.Name = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runProbe(cmd.Context(), opts)
		},
	}
	cmd.ValidArgsFunction = completeOne(dialect.Spoken())
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func prober(app *cli.App) func(context.Context) (dialect.Survey, string, error) {
	return func(ctx context.Context) (dialect.Survey, string, error) {
		s, err := app.Load("")
		if err != nil {
			return dialect.Survey{}, "", err
		}
		survey, err := app.Probe(ctx, s)
		return survey, s.Dialect, err
	}
}

func runProbe(ctx context.Context, opts *ProbeOptions) error {
	if _, err := dialect.Open(opts.Name, nil); err != nil {
		return err
	}
	s, set, err := opts.Probe(ctx)
	if err != nil {
		return err
	}
	opts.Name, set = known(opts.Name), known(set)
	if err := writeSurvey(opts, s); err != nil {
		return err
	}
	for _, p := range s.Pages {
		opts.Say("%s", pageLine(p))
	}
	return verdict(opts, s, cmp.Or(opts.Name, set, s.Recommended))
}

// pageLine sums one help page up.
func pageLine(p dialect.Page) string {
	if p.Problem != "" {
		return p.Dialect + ": no help page (" + p.Problem + ")"
	}
	missing := p.Missing()
	if len(missing) == 0 {
		return p.Dialect + ": everything needed is there"
	}
	var keys []string
	for _, n := range missing {
		keys = append(keys, n.Key)
	}
	return p.Dialect + ": missing are " + strings.Join(keys, ", ")
}

// verdict tells what to set, and whether the dialect in question has all that
// is needed.
func verdict(opts *ProbeOptions, s dialect.Survey, name string) error {
	if s.Recommended == "" {
		return pam.Failf(pam.ErrPartial, "the help pages list no log-in that is known here").
			WithHint("find the log-in there, and name it in dialect_operations.log_in; see: redim dialect show")
	}
	opts.Say("recommended: dialect: %s", s.Recommended)
	p, ok := s.Page(name)
	if !ok || p.Problem != "" {
		return pam.Failf(pam.ErrNotFound, "no help page of %s at %s", name, p.Address).
			WithHint("use the recommended dialect, or ask the operator of the service to switch that help page on")
	}
	missing := p.Missing()
	if len(missing) == 0 {
		return nil
	}
	for _, line := range overrideLines(missing) {
		opts.Say("%s", line)
	}
	return pam.Failf(pam.ErrPartial, "%d of %d operations of %s are not on the help page %s", len(missing), len(p.Needed), name, p.Address).
		WithHint("find what they are called there, and name them in dialect_operations; see: redim dialect show %s", name)
}

// overrideLines are what the settings would need, as far as that can be told.
func overrideLines(missing []dialect.Probed) []string {
	lines := []string{"overrides it would need:", "  dialect_operations:"}
	for _, n := range missing {
		if len(n.Instead) == 0 {
			lines = append(lines, "    "+n.Key+": {} # nothing there is like "+n.Name)
			continue
		}
		line := "    " + n.Key + ": {" + overrideOf(n.Instead[0]) + "} # compare it with " + n.Name
		if len(n.Instead) > 1 {
			line += "; or " + strings.Join(n.Instead[1:], ", or ")
		}
		lines = append(lines, line)
	}
	return lines
}

// overrideOf names an operation that a help page lists: NAME, or GET NAME.
func overrideOf(offer string) string {
	method, name, ok := strings.Cut(offer, " ")
	if !ok {
		return "operation: " + offer
	}
	return "operation: " + name + ", method: " + method
}
