package integrations

import (
	"context"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// NewExport makes the command. runF replaces its run in tests; nil is the real one.
func NewExport(app *vaultcli.App, runF func(context.Context, *SearchOptions) error) *cobra.Command {
	opts := &SearchOptions{Streams: app.Streams, Say: app.Say, Prompt: app.Prompt, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "export [<name>]",
		Short: "Write integrations to a file that import takes",
		Long: `Write all integrations, or those that a search finds, in YAML, JSON or CSV. No
credential is among it, nor anything to recognise one by: whoever imports the file
gives each integration a new one.

Exit codes: 0; 2 a criterion can't be, or CSV can't hold an entry with a comma; 109
the store can't be opened.`,
		Example: `  vault integrations export > integrations.yaml
  vault integrations export 'build-*' -o csv > build.csv`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := opts.name(args); err != nil {
				return err
			}
			opts.Sort, opts.Limit = string(vault.SortName), vault.MaxPage
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runExport(cmd.Context(), opts)
		},
	}
	opts.criteriaFlags(cmd)
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	cmd.Flags().Lookup("output").Usage = "output `format`: yaml, json, csv, table (default: yaml)"
	return cmd
}

func runExport(ctx context.Context, opts *SearchOptions) error {
	c, err := opts.criteria()
	if err != nil {
		return err
	}
	format := render.Format(opts.Output)
	if format == render.Auto {
		format = render.YAML
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		return exportList().Stream(opts.Streams, format, all(ctx, v, c, format == render.CSV))
	})
}

// all walks over everything that fits, a page at a time.
func all(ctx context.Context, v *vaultcli.Vault, c vault.IntegrationCriteria, csv bool) iter.Seq2[vault.Integration, error] {
	return func(yield func(vault.Integration, error) bool) {
		for cursor := ""; ; {
			page, err := v.Integrations(ctx, c, cursor)
			if err != nil {
				yield(vault.Integration{}, err)
				return
			}
			for _, i := range page.Items {
				if csv && strings.Contains(strings.Join(patterns(i.Grants), ""), ",") {
					err = pam.Failf(pam.ErrUsage, "a grant of %s holds a comma, which CSV has between grants", i.Name).WithHint("export as YAML: -o yaml")
				}
				if !yield(i, err) || err != nil {
					return
				}
			}
			if cursor = page.Next; cursor == "" {
				return
			}
		}
	}
}
