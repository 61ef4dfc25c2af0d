package store

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// PathOptions are what "store path" was told.
type PathOptions struct {
	Output  string
	Streams *term.Streams
	Say     func(format string, args ...any)
	Find    Finder
}

// NewPath makes the command. runF replaces its run in tests; nil is the real one.
func NewPath(app *vaultcli.App, runF func(context.Context, *PathOptions) error) *cobra.Command {
	opts := &PathOptions{Streams: app.Streams, Say: app.Say, Find: app.Storage}
	cmd := &cobra.Command{
		Use:   "path",
		Short: "Tell where the store is",
		Long: `Write the path of the SQLite file, or the address of the PostgreSQL database: what
--store, REDIM_STORE or the setting store names, else vault.db in the user's data
directory. Nothing is opened, and the file need not exist.

Exit codes: 0; 2 the address can't be, or there is no place for the file.`,
		Example: `  vault store path
  vault store path -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runPath(opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

// pathJSON is the answer in JSON and YAML.
type pathJSON struct {
	Store  string `json:"store"`
	Path   string `json:"path,omitempty"`
	Exists *bool  `json:"exists,omitempty"` // of a file
}

func runPath(opts *PathOptions) error {
	at, err := opts.Find()
	if err != nil {
		return err
	}
	doc, fields := pathJSON{Store: at.Address, Path: at.Path}, []render.Field{{Name: "Store", Value: at.Address}}
	text := at.Address
	if at.Path != "" {
		_, missing := os.Stat(at.Path)
		exists := missing == nil
		doc.Exists, text = &exists, at.Path
		fields = append(fields, render.Field{Name: "Path", Value: at.Path}, render.Field{Name: "Exists", Value: exists})
	}
	if opts.Output != "" {
		return render.One(opts.Streams, render.Format(opts.Output), doc, fields)
	}
	if doc.Exists != nil && !*doc.Exists {
		opts.Say("the file does not exist yet")
	}
	_, err = fmt.Fprintln(opts.Streams.Out, term.Safe(text))
	return err
}
