package dialect

import (
	"context"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// ShowOptions are what "dialect show" was told.
type ShowOptions struct {
	Name   string // empty is the one in the settings
	Output string
	Origin bool

	Streams *term.Streams
	Load    func() (*config.Settings, error)
	// Found is the dialect that the service was found to speak; empty when it
	// is not known.
	Found func(*config.Settings) string
}

// NewShow makes the command. runF replaces its run in tests; nil is the real one.
func NewShow(app *cli.App, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	opts := &ShowOptions{Streams: app.Streams, Load: func() (*config.Settings, error) { return app.Load("") },
		Found: func(s *config.Settings) string { return app.Dialects(s).Recall() }}
	cmd := &cobra.Command{
		Use:   "show [<name>]",
		Short: "Print a dialect, with the changes of the settings",
		Long: `Print the data file of a dialect, comments included: the one that the setting
"dialect" names, or the one named here; with auto, the one that the service was found
to speak last, else the newest. What dialect_operations changes is marked above its
operation, and the end tells which operations rest on public material. With -o the
operations are a list, and with --origin each tells where it comes from.

Exit codes: 0; 2 an unknown dialect, or settings that can't be used (the file is
printed without them).`,
		Example: `  redim dialect show
  redim dialect show rest -o table
  redim dialect show --origin
  redim dialect show --set 'dialect_operations={log_out: {path: Logout}}'`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				opts.Name = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runShow(opts)
		},
	}
	cmd.ValidArgsFunction = completeOne(dialect.Names())
	cmd.Flags().BoolVar(&opts.Origin, "origin", false, "list the operations, with where each comes from")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func completeOne(names []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return pam.Failf(pam.ErrUsage, "%s takes one dialect, but got %d", cmd.CommandPath(), len(args)).WithHint("usage: %s", cmd.UseLine())
	}
	return nil
}

// runShow shows the dialect also when the settings are wrong: it is what one
// needs to put them right. What is wrong is then the result.
func runShow(opts *ShowOptions) error {
	name := opts.Name
	var overrides map[string]any
	found := ""
	s, wrong := opts.Load()
	if wrong == nil {
		overrides = s.DialectOperations
		if name == "" {
			name = s.Dialect
		}
		if name == dialect.Auto {
			name = known(opts.Found(s))
			found = name
		}
	}
	d, err := dialect.Open(name, overrides)
	if err != nil && len(overrides) > 0 {
		wrong = err
		d, err = dialect.Open(name, nil)
	}
	if err != nil {
		return err
	}
	if err := show(opts, d, changesOf(s, found, wrong)); err != nil {
		return err
	}
	return wrong
}

// known is name, or empty when there is no such dialect.
func known(name string) string {
	if slices.Contains(dialect.Spoken(), name) {
		return name
	}
	return ""
}

// changes are the overrides, and where each comes from.
type changes struct {
	operations map[string]any
	from       func(key string) string
	found      string // the dialect that auto found; empty otherwise
}

func changesOf(s *config.Settings, found string, wrong error) changes {
	if wrong != nil {
		return changes{}
	}
	return changes{operations: s.DialectOperations, found: found, from: func(key string) string { return s.OperationOrigin(key).String() }}
}

func show(opts *ShowOptions, d *dialect.Dialect, c changes) error {
	ops, err := operations(d, c)
	if err != nil {
		return err
	}
	if opts.Output != "" || opts.Origin {
		return operationList(opts.Origin).Write(opts.Streams, render.Format(opts.Output), ops)
	}
	text, err := annotate(d, c, ops)
	if err != nil {
		return err
	}
	_, err = io.WriteString(opts.Streams.Out, term.SafeLines(text))
	return err
}

// operation is one line of the list.
type operation struct {
	Key        string `json:"key"`
	Name       string `json:"operation"`
	Method     string `json:"method"`
	Path       string `json:"path"`
	Idempotent bool   `json:"idempotent"`
	Attested   string `json:"attested"`
	Public     bool   `json:"public"` // public material names it
	Overridden bool   `json:"overridden"`
	Origin     string `json:"origin"` // of the override, or the dialect
	Source     string `json:"source"`
}

func operations(d *dialect.Dialect, c changes) ([]operation, error) {
	var out []operation
	for _, key := range d.Keys() {
		op, err := d.Operation(key)
		if err != nil {
			return nil, err
		}
		_, overridden := c.operations[key]
		origin := d.Name
		if overridden {
			origin = c.from(key)
		}
		out = append(out, operation{
			Key: key, Name: op.Name, Method: op.Method, Path: op.Path, Idempotent: op.Idempotent,
			Attested: string(op.Attested), Public: op.Attested.Public(), Overridden: overridden, Origin: origin, Source: op.Source,
		})
	}
	return out, nil
}

func operationList(origin bool) render.List[operation] {
	list := render.List[operation]{
		Columns: []render.Column[operation]{
			{Name: "KEY", Cell: func(o operation) any { return o.Key }},
			{Name: "OPERATION", Cell: func(o operation) any { return o.Name }},
			{Name: "METHOD", Cell: func(o operation) any { return o.Method }},
			{Name: "PATH", Cell: func(o operation) any { return o.Path }},
			{Name: "REPEATABLE", Cell: func(o operation) any { return o.Idempotent }},
			{Name: "ATTESTED", Cell: func(o operation) any { return o.Attested }},
			{Name: "CHANGED", Cell: func(o operation) any { return o.Overridden }},
		},
		JSON: func(o operation) any { return o },
	}
	if origin {
		list.Columns = append(list.Columns, render.Column[operation]{Name: "ORIGIN", Cell: func(o operation) any { return o.Origin }})
	}
	return list
}
