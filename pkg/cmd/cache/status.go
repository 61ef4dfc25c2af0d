package cache

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// StatusOptions are what "cache status" was told.
type StatusOptions struct {
	Output string

	Streams *term.Streams
	Look    func(context.Context) (Status, error)
}

// Status is what there is to say about the cache and its key.
type Status struct {
	Dir        string `json:"dir"`
	Live       int    `json:"live"`
	Expired    int    `json:"expired"`
	Unreadable int    `json:"unreadable"`
	Bytes      int64  `json:"bytes"`
	Key        Key    `json:"key"`
	Problem    string `json:"problem,omitempty"` // why tokens can't be kept

	err error
}

// Key is where the key is.
type Key struct {
	Source  string `json:"source"`            // the setting cache.key
	Path    string `json:"path,omitempty"`    // the file that holds it
	Made    bool   `json:"made"`              // there is one already
	Opened  string `json:"opened"`            // how a command gets at it
	Problem string `json:"problem,omitempty"` // why it can't be used
}

// NewStatus makes the command. runF replaces its run in tests; nil is the real one.
func NewStatus(app *cli.App, runF func(context.Context, *StatusOptions) error) *cobra.Command {
	opts := &StatusOptions{Streams: app.Streams, Look: looker(app)}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell how the cache is kept and opened",
		Long: `Tell where the cached tokens are and how many, what they are encrypted with and
how a command gets at that key, and what stands in the way, such as a directory
that can't be written to or a key file that others may read.

Exit codes: 0; 1 tokens can't be kept; 2 the key can't be had as cache.key says.`,
		Example: `  redim cache status
  redim cache status -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runStatus(cmd.Context(), opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

// looker looks at the key before the cache, which may make one.
func looker(app *cli.App) func(context.Context) (Status, error) {
	return func(ctx context.Context) (Status, error) {
		tokens, err := app.Tokens(settingsFor(app))
		if err != nil {
			return Status{}, err
		}
		key := tokens.Key.Status(ctx)
		st := tokens.Status(ctx)
		return Status{
			Dir: st.Dir, Live: st.Live, Expired: st.Expired, Unreadable: st.Unreadable, Bytes: st.Bytes,
			Key: Key{Source: key.Source, Path: key.Path, Made: key.Made, Opened: key.Opened, Problem: text(key.Err)}, Problem: text(st.Err),
			err: first(key.Err, st.Err),
		}, nil
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func runStatus(ctx context.Context, opts *StatusOptions) error {
	st, err := opts.Look(ctx)
	if err != nil {
		return err
	}
	if err := render.One(opts.Streams, render.Format(opts.Output), st, st.fields()); err != nil {
		return err
	}
	return st.err
}

func (s Status) fields() []render.Field {
	fields := []render.Field{
		{Name: "Directory", Value: s.Dir},
		{Name: "Live tokens", Value: s.Live},
		{Name: "Expired tokens", Value: s.Expired},
		{Name: "Unreadable files", Value: s.Unreadable},
		{Name: "Bytes", Value: s.Bytes},
		{Name: "Key", Value: s.Key.Source},
		{Name: "Key file", Value: s.Key.Path},
		{Name: "Key made", Value: s.Key.Made},
		{Name: "Key opened", Value: s.Key.Opened},
	}
	if s.Key.Problem != "" {
		fields = append(fields, render.Field{Name: "Key problem", Value: s.Key.Problem})
	}
	if s.Problem != "" {
		fields = append(fields, render.Field{Name: "Problem", Value: s.Problem})
	}
	return fields
}
