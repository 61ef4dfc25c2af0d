package config

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// PathOptions are what "config path" was told.
type PathOptions struct {
	Output  string
	Streams *term.Streams
	Say     func(format string, args ...any)
	Place   func() (Place, error)
}

// NewPath makes the command. runF replaces its run in tests; nil is the real one.
func NewPath(app *cli.App, runF func(context.Context, *PathOptions) error) *cobra.Command {
	opts := &PathOptions{Streams: app.Streams, Say: app.Say, Place: placeOf(app)}
	cmd := &cobra.Command{
		Use:   "path",
		Short: "Tell where the settings file is",
		Long: `Write the path of the settings file: what --config or REDIM_CONFIG names, else
settings.yaml in the user's config directory. The file need not exist.

Exit codes: 0; 2 there is no place for the file, because HOME is not set.`,
		Example: `  redim config path
  redim config path -o json`,
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
	Path    string `json:"path"`
	Exists  bool   `json:"exists"`
	Profile string `json:"profile"`
}

func runPath(opts *PathOptions) error {
	place, err := opts.Place()
	if err != nil {
		return err
	}
	_, missing := os.Stat(place.Path)
	doc := pathJSON{Path: place.Path, Exists: missing == nil, Profile: place.Profile}
	if opts.Output != "" {
		return render.One(opts.Streams, render.Format(opts.Output), doc, []render.Field{
			{Name: "Path", Value: doc.Path}, {Name: "Exists", Value: doc.Exists}, {Name: "Profile", Value: doc.Profile},
		})
	}
	if !doc.Exists {
		opts.Say("the file does not exist yet")
	}
	_, err = fmt.Fprintln(opts.Streams.Out, term.Safe(doc.Path))
	return err
}
