package events

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// ListOptions are what "events list" was told.
type ListOptions struct {
	Filter
	vaultcli.Pages
	OldestFirst bool
	Output      string

	Command string // for the hint that goes on
	Streams *term.Streams
	Say     func(format string, args ...any)
	Now     func() time.Time
	Open    vaultcli.Opener
}

// NewList makes the command. runF replaces its run in tests; nil is the real one.
func NewList(app *vaultcli.App, runF func(context.Context, *ListOptions) error) *cobra.Command {
	opts := &ListOptions{Streams: app.Streams, Say: app.Say, Now: app.Now, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what happened",
		Long: `List events, the newest first. What was deleted since is among them, under the names
that it had. Of a change the old and the new value of each field are in JSON and
YAML; of a secret only a keyed hash.

Exit codes: 0, also for an empty list; 2 a filter can't be; 109 the store can't be
opened.`,
		Example: `  vault events list --since 7d
  vault events list --integration build-server --kind checkout -o json
  vault events list --credential 'web01/*' --actor alice --since 2027-01-01 --until 2027-01-31`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Command = cmd.CommandPath()
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runList(cmd.Context(), opts)
		},
	}
	opts.Filter.flags(cmd)
	opts.Add(cmd)
	cmd.Flags().BoolVar(&opts.OldestFirst, "oldest-first", false, "the oldest first")
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runList(ctx context.Context, opts *ListOptions) error {
	c, err := opts.criteria(opts.Now())
	if err != nil {
		return err
	}
	if c.Paging, err = opts.Paging(); err != nil {
		return err
	}
	c.OldestFirst = opts.OldestFirst
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		page, err := v.Events(ctx, c, opts.Cursor)
		if err != nil {
			return err
		}
		if err := eventList("no event fits", page.Next).Write(opts.Streams, render.Format(opts.Output), page.Items); err != nil {
			return err
		}
		opts.More(page.Next, opts.Output, opts.Command, opts.Say)
		return nil
	})
}

func eventList(empty, next string) render.List[audit.Record] {
	type item = audit.Record
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "TIME", Cell: func(r item) any { return r.Event.Time }},
			{Name: "KIND", Cell: func(r item) any { return string(r.Event.Kind) }},
			{Name: "ACTOR", Cell: func(r item) any { return r.Event.Actor }},
			{Name: "INTEGRATION", Cell: func(r item) any { return r.Event.Integration }},
			{Name: "CREDENTIAL", Cell: func(r item) any { return r.Event.Credential }},
			{Name: "OUTCOME", Cell: func(r item) any { return r.Event.Outcome }},
			{Name: "LEASE", Cell: func(r item) any { return r.Event.Lease }},
			{Name: "REASON", Cell: func(r item) any { return r.Event.Reason }},
			{Name: "TICKET", Cell: func(r item) any { return r.Event.Ticket }},
			{Name: "CHANGED", Cell: func(r item) any { return changedFields(r.Event) }},
		},
		JSON:  func(r item) any { return r },
		Empty: empty,
		Next:  next,
	}
}

func changedFields(e audit.Event) []string {
	var out []string
	for _, c := range e.Changes {
		out = append(out, c.Field)
	}
	return out
}
