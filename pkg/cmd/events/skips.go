package events

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// SkipsOptions are what "events skips" was told.
type SkipsOptions struct {
	vaultcli.Pages
	Output string

	Command string
	Streams *term.Streams
	Say     func(format string, args ...any)
	Open    vaultcli.Opener
}

// NewSkips makes the command. runF replaces its run in tests; nil is the real one.
func NewSkips(app *vaultcli.App, runF func(context.Context, *SkipsOptions) error) *cobra.Command {
	opts := &SkipsOptions{Streams: app.Streams, Say: app.Say, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "skips",
		Short: "List every approval that was skipped",
		Long: `List the check-outs that went without the approval that their policy asks for, with
the justification that was in force: first those whose justification holds no more or
reads otherwise by now, then the others, each the oldest first.

Exit codes: 0, also for an empty list; 2 the limit or the cursor can't be; 109 the
store can't be opened.`,
		Example: `  vault events skips
  vault events skips --limit 1000 -o csv`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Command = cmd.CommandPath()
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runSkips(cmd.Context(), opts)
		},
	}
	opts.Add(cmd)
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runSkips(ctx context.Context, opts *SkipsOptions) error {
	paging, err := opts.Paging()
	if err != nil {
		return err
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		page, err := v.Skips(ctx, paging.Limit, opts.Cursor)
		if err != nil {
			return err
		}
		if err := skipList(page.Next).Write(opts.Streams, render.Format(opts.Output), page.Items); err != nil {
			return err
		}
		opts.More(page.Next, opts.Output, opts.Command, opts.Say)
		return nil
	})
}

// skipJSON is a skipped approval in JSON and YAML.
type skipJSON struct {
	Time          time.Time `json:"time"`
	Integration   string    `json:"integration"`
	IntegrationID string    `json:"integration_id"`
	Credential    string    `json:"credential"`
	Justification string    `json:"justification"`
	Stale         bool      `json:"stale"` // what it went by holds no more, or has other words by now
	Reason        string    `json:"reason"`
	Lease         string    `json:"lease"`
}

func skipList(next string) render.List[vault.Skipped] {
	type item = vault.Skipped
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "TIME", Cell: func(s item) any { return s.Event.Time }},
			{Name: "INTEGRATION", Cell: func(s item) any { return s.Event.Integration }},
			{Name: "CREDENTIAL", Cell: func(s item) any { return s.Event.Credential }},
			{Name: "STALE", Cell: func(s item) any { return s.Stale }},
			{Name: "JUSTIFICATION", Cell: func(s item) any { return s.Event.Justification }},
			{Name: "REASON", Cell: func(s item) any { return s.Event.Reason }},
			{Name: "LEASE", Cell: func(s item) any { return s.Event.Lease }},
		},
		JSON: func(s item) any {
			e := s.Event
			return skipJSON{Time: e.Time, Integration: e.Integration, IntegrationID: e.IntegrationID, Credential: e.Credential,
				Justification: e.Justification, Stale: s.Stale, Reason: e.Reason, Lease: e.Lease}
		},
		Empty: "no approval was skipped",
		Next:  next,
	}
}
