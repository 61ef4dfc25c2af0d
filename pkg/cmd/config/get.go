package config

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// GetOptions are what "config get" was told.
type GetOptions struct {
	Key     string
	Output  string
	Streams *term.Streams
	Load    func() (*config.Settings, error)
}

// NewGet makes the command. runF replaces its run in tests; nil is the real one.
func NewGet(app *cli.App, runF func(context.Context, *GetOptions) error) *cobra.Command {
	opts := &GetOptions{Streams: app.Streams, Load: func() (*config.Settings, error) { return app.Load("") }}
	cmd := &cobra.Command{
		Use:   "get <key>",
		Short: "Show one setting",
		Long: `Write the value of one setting as it is in force, and a newline; an empty line
when it is not set. An entry of a map is named KEY.ENTRY. Of a secret, its source
is shown.

Exit codes: 0; 2 an unknown key, or settings that can't be understood; 106 the
map has no such entry.`,
		Example: `  redim config get endpoint_url
  redim config get domain_map.example.local
  redim config get template_jobs -o json`,
		Args:              cli.ExactArgs("the key of a setting"),
		ValidArgsFunction: completeKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Key = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runGet(opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runGet(opts *GetOptions) error {
	s, err := opts.Load()
	if err != nil {
		return err
	}
	item, err := s.Get(opts.Key)
	if err != nil {
		return err
	}
	if opts.Output == "" {
		_, err := fmt.Fprintln(opts.Streams.Out, term.SafeLines(item.Text))
		return err
	}
	return render.One(opts.Streams, render.Format(opts.Output), newItemJSON(item), []render.Field{
		{Name: "Key", Value: item.Name},
		{Name: "Value", Value: item.Text},
		{Name: "Origin", Value: item.Origin.String()},
	})
}
