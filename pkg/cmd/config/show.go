package config

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// ShowOptions are what "config show" was told.
type ShowOptions struct {
	Origin  bool
	Output  string
	Streams *term.Streams
	Load    func() (*config.Settings, error)
}

// NewShow makes the command. runF replaces its run in tests; nil is the real one.
func NewShow(app *cli.App, runF func(context.Context, *ShowOptions) error) *cobra.Command {
	opts := &ShowOptions{Streams: app.Streams, Load: func() (*config.Settings, error) { return app.Load("") }}
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show every setting that is in force",
		Long: `Show every setting as it is in force: flags and --set over the environment over
the profile over the default. Of secrets only the source is shown, and of a
command as a source only its first word.

Exit codes: 0; 2 the settings can't be understood ("config lint" tells all
that is wrong).`,
		Example: `  redim config show
  redim config show --origin
  redim config show --profile lab -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runShow(opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Origin, "origin", false, "tell also where each value came from")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runShow(opts *ShowOptions) error {
	s, err := opts.Load()
	if err != nil {
		return err
	}
	return itemList(opts.Origin).Write(opts.Streams, render.Format(opts.Output), s.Items())
}

// itemJSON is a setting in JSON and YAML.
type itemJSON struct {
	Key    string        `json:"key"`
	Value  any           `json:"value"`
	Origin config.Origin `json:"origin"`
}

func newItemJSON(i config.Item) itemJSON {
	return itemJSON{Key: i.Name, Value: i.Value, Origin: i.Origin}
}

func itemList(origin bool) render.List[config.Item] {
	list := render.List[config.Item]{
		Columns: []render.Column[config.Item]{
			{Name: "KEY", Cell: func(i config.Item) any { return i.Name }},
			{Name: "VALUE", Cell: func(i config.Item) any { return i.Text }},
		},
		JSON: func(i config.Item) any { return newItemJSON(i) },
	}
	if origin {
		list.Columns = append(list.Columns, render.Column[config.Item]{Name: "ORIGIN", Cell: func(i config.Item) any { return i.Origin.String() }})
	}
	return list
}
