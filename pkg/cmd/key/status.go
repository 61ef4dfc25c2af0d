package key

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// StatusOptions are what "key status" was told.
type StatusOptions struct {
	Output  string
	Streams *term.Streams
	Find    Finder
	Open    vaultcli.Opener
}

// NewStatus makes the command. runF replaces its run in tests; nil is the real one.
func NewStatus(app *vaultcli.App, runF func(context.Context, *StatusOptions) error) *cobra.Command {
	opts := &StatusOptions{Streams: app.Streams, Find: app.MasterKey, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell where the master key is and what it wraps",
		Long: `Tell where the setting key has the master key, how a command gets at it, and which
key wraps how many secrets and keys of the store. More than one means that a rotation
was interrupted: run "vault key rotate" again.

Exit codes: 0; 1 the key can't be had, or is another one than the store's; 2 the
setting key can't be; 109 the store can't be opened.`,
		Example: `  vault key status
  vault key status -o json`,
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

// statusJSON is the answer in JSON and YAML.
type statusJSON struct {
	Source    string         `json:"source"`         // the setting key
	Path      string         `json:"path,omitempty"` // of the key file
	Opened    string         `json:"opened"`
	Master    string         `json:"master"` // id of the key that everything new is wrapped with
	Wrappings []wrappingJSON `json:"wrappings"`
}

type wrappingJSON struct {
	Key     string `json:"key"`
	Secrets int64  `json:"secrets"`
	Keys    int64  `json:"keys"` // of the store itself
}

func runStatus(ctx context.Context, opts *StatusOptions) error {
	place, err := opts.Find(ctx)
	if err != nil {
		return err
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		st, err := v.KeyStatus(ctx)
		if err != nil {
			return err
		}
		doc := newStatusJSON(place, st)
		return render.One(opts.Streams, render.Format(opts.Output), doc, doc.fields())
	})
}

func newStatusJSON(place vaultcli.MasterKey, st vault.KeyStatus) statusJSON {
	doc := statusJSON{Source: place.Source, Path: place.Path, Opened: place.Opened, Master: st.Master, Wrappings: []wrappingJSON{}}
	for _, w := range st.Wrappings {
		doc.Wrappings = append(doc.Wrappings, wrappingJSON{Key: w.KeyID, Secrets: w.Secrets, Keys: w.Records})
	}
	return doc
}

func (s statusJSON) fields() []render.Field {
	out := []render.Field{
		{Name: "Key", Value: s.Source}, {Name: "Key file", Value: s.Path}, {Name: "Key opened", Value: s.Opened}, {Name: "Master key", Value: s.Master},
	}
	for _, w := range s.Wrappings {
		out = append(out, render.Field{Name: "Wrapped by " + w.Key, Value: fmt.Sprintf("%d secrets, %d keys of the store", w.Secrets, w.Keys)})
	}
	return out
}
