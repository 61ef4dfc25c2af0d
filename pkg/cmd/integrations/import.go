package integrations

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// maxImport is the longest file that is taken, in bytes.
const maxImport = 64 << 20

// ImportOptions are what "integrations import" was told.
type ImportOptions struct {
	File   string // - is standard input
	DryRun bool
	Output string

	Streams *term.Streams
	Say     func(format string, args ...any)
	Warn    func(message string)
	Open    vaultcli.Opener
}

// NewImport makes the command. runF replaces its run in tests; nil is the real one.
func NewImport(app *vaultcli.App, runF func(context.Context, *ImportOptions) error) *cobra.Command {
	opts := &ImportOptions{Streams: app.Streams, Say: app.Say, Warn: app.Warn, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "import <file>|-",
		Short: "Make and change integrations from a file",
		Long: `Read an export in YAML, JSON or CSV, and make or change the integrations in it: one
whose name is there is changed, in the fields that the file has, another one is made.
Integrations that are not in the file stay as they are. All lines are taken or, when
one is wrong or the import is interrupted, none.

A list in a cell of CSV has commas between its entries. Credentials are not
imported: give each new integration one with "vault integrations rotate-credential".

Exit codes: 0; 2 a line is wrong, so nothing was imported; 109 the store can't be
opened; 110 it can't be written to; 130 interrupted, so nothing was imported.`,
		Example: `  vault integrations import integrations.yaml --dry-run
  vault integrations import - < build.csv`,
		Args: cli.ExactArgs("a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.File = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runImport(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "show the plan; change nothing")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runImport(ctx context.Context, opts *ImportOptions) error {
	data, err := opts.read()
	if err != nil {
		return err
	}
	rows, err := readRows(data)
	if err != nil {
		return nothing(err)
	}
	planned, err := edits(rows)
	if err != nil {
		return nothing(err)
	}
	ctx, cancel := context.WithTimeout(ctx, vaultcli.Patience)
	defer cancel()
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		plan, err := v.ImportIntegrations(ctx, v.Actor, planned, opts.DryRun)
		if err != nil {
			return nothing(err)
		}
		return opts.report(plan)
	})
}

func (o *ImportOptions) read() ([]byte, error) {
	in := o.Streams.In
	if o.File != "-" {
		f, err := os.Open(o.File)
		if err != nil {
			return nil, pam.Failf(pam.ErrUsage, "the file can't be read: %w", err).WithHint("name a file, or - for standard input")
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxImport+1))
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "the file can't be read: %w", err).WithHint("name a file, or - for standard input")
	}
	if len(data) > maxImport {
		return nil, pam.Failf(pam.ErrUsage, "the file is longer than 64 MiB").WithHint("import it in parts")
	}
	return data, nil
}
