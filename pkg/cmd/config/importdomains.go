package config

import (
	"bytes"
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/term"
)

// ImportDomainsOptions are what "config import-domains" was told.
type ImportDomainsOptions struct {
	File   string
	DryRun bool

	Streams *term.Streams
	Say     func(format string, args ...any)
	Place   func() (Place, error)
}

// NewImportDomains makes the command. runF replaces its run in tests; nil is
// the real one.
func NewImportDomains(app *cli.App, runF func(context.Context, *ImportDomainsOptions) error) *cobra.Command {
	opts := &ImportDomainsOptions{Streams: app.Streams, Say: app.Say, Place: placeOf(app)}
	cmd := &cobra.Command{
		Use:   "import-domains <file>|-",
		Short: "Take domain mappings from a file",
		Long: `Add lines FQDN=NetBIOS to domain_map, one mapping a line; blank lines and lines
that start with # are passed over. A domain that is mapped already gets the new
name. All lines are taken or none: with one that is wrong, every wrong one is told
and nothing changes.

Exit codes: 0; 2 a line that is wrong, or a map that could not be; 1 the file
can't be written.`,
		Example: `  redim config import-domains domains.txt --dry-run
  redim config import-domains - < domains.txt`,
		Args: cli.ExactArgs("a file, or - for standard input"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.File = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runImportDomains(cmd.Context(), opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "tell what would change, and change nothing")
	return cmd
}

func runImportDomains(ctx context.Context, opts *ImportDomainsOptions) error {
	place, err := opts.Place()
	if err != nil {
		return err
	}
	data, name, err := readLines(opts)
	if err != nil {
		return err
	}
	var imp config.Import
	err = place.changeUnless(ctx, opts.DryRun, func(f *config.File) error {
		imp, err = f.ImportDomains(place.Profile, name, bytes.NewReader(data))
		return err
	})
	for _, p := range imp.Problems {
		opts.Say("%s", problemLine(p))
	}
	if n := errorsIn(imp.Problems); n > 0 {
		return pam.Failf(pam.ErrUsage, "%s in %s, so nothing is imported", count(n, "error"), name).WithHint("mend the lines named above; write one mapping a line, for example example.local=EX")
	}
	if err != nil {
		return err
	}
	opts.tell(imp, place)
	return nil
}

// readLines reads the whole input, before the settings file is locked. What is
// too long is cut where ImportDomains still sees that it is.
func readLines(opts *ImportDomainsOptions) (data []byte, name string, err error) {
	in, name := opts.Streams.In, "standard input"
	if opts.File != "-" {
		f, err := os.Open(opts.File)
		if err != nil {
			return nil, "", unreadable(err)
		}
		defer f.Close()
		in, name = f, opts.File
	}
	if data, err = io.ReadAll(io.LimitReader(in, config.MaxFile+1)); err != nil {
		return nil, "", unreadable(err)
	}
	return data, name, nil
}

func unreadable(err error) error {
	return pam.Failf(pam.ErrUsage, "%w", err).WithHint("name a file that you may read, or - for standard input")
}

func (o *ImportDomainsOptions) tell(imp config.Import, place Place) {
	for _, domain := range imp.Added {
		o.Say("%s %s", would(o.DryRun, "added", "add"), domain)
	}
	for _, domain := range imp.Changed {
		o.Say("%s %s", would(o.DryRun, "changed", "change"), domain)
	}
	summary := imp.String()
	if o.DryRun {
		summary = "dry run: " + summary
	}
	o.Say("%s in domain_map of %s", summary, place)
}
