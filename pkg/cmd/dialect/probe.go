package dialect

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// ProbeOptions are what "dialect probe" was told.
type ProbeOptions struct {
	Output string

	Streams *term.Streams
	Say     func(format string, args ...any)
	Probe   func(context.Context) (dialect.Probe, error)
}

// NewProbe makes the command. runF replaces its run in tests; nil is the real one.
func NewProbe(app *cli.App, runF func(context.Context, *ProbeOptions) error) *cobra.Command {
	opts := &ProbeOptions{Streams: app.Streams, Say: app.Say, Probe: prober(app)}
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "Ask an installation which operations it has",
		Long: `Read the help page of the web service and list the operations that are needed,
found or missing. Nobody signs in. For one that is missing, name the installation's
own operation in dialect_operations.

Exit codes: 0 everything needed is there; 103 something is missing; 106 there is no
help page; 109, 111 and 117 as for test-settings.`,
		Example: `  redim dialect probe
  redim dialect probe -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runProbe(cmd.Context(), opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func prober(app *cli.App) func(context.Context) (dialect.Probe, error) {
	return func(ctx context.Context) (dialect.Probe, error) {
		s, err := app.Settings()
		if err != nil {
			return dialect.Probe{}, err
		}
		service, err := app.Service(s)
		if err != nil {
			return dialect.Probe{}, err
		}
		return service.Probe(ctx)
	}
}

func runProbe(ctx context.Context, opts *ProbeOptions) error {
	p, err := opts.Probe(ctx)
	if err != nil {
		return err
	}
	if err := probedList().Write(opts.Streams, render.Format(opts.Output), p.Needed); err != nil {
		return err
	}
	missing := 0
	for _, n := range p.Needed {
		if !n.Found {
			missing++
		}
	}
	opts.Say("%s lists %d operations that are not used here", p.Address, len(p.Others))
	if missing == 0 {
		return nil
	}
	return pam.Failf(pam.ErrPartial, "%d of %d operations are not on the help page", missing, len(p.Needed)).
		WithHint("find what they are called there, and name them in dialect_operations; see: redim dialect show")
}

func probedList() render.List[dialect.Probed] {
	return render.List[dialect.Probed]{
		Columns: []render.Column[dialect.Probed]{
			{Name: "OPERATION", Cell: func(p dialect.Probed) any { return p.Name }},
			{Name: "KEY", Cell: func(p dialect.Probed) any { return p.Key }},
			{Name: "FOUND", Cell: func(p dialect.Probed) any { return p.Found }},
			{Name: "ATTESTED", Cell: func(p dialect.Probed) any { return string(p.Attested) }},
		},
		JSON: func(p dialect.Probed) any {
			return struct {
				Key      string `json:"key"`
				Name     string `json:"name"`
				Found    bool   `json:"found"`
				Attested string `json:"attested"`
			}{p.Key, p.Name, p.Found, string(p.Attested)}
		},
	}
}
