package credentials

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

// HistoryOptions are what "credentials history" was told.
type HistoryOptions struct {
	Ref     string
	Output  string
	Streams *term.Streams
	Open    vaultcli.Opener
}

// NewHistory makes the command. runF replaces its run in tests; nil is the real one.
func NewHistory(app *vaultcli.App, runF func(context.Context, *HistoryOptions) error) *cobra.Command {
	opts := &HistoryOptions{Streams: app.Streams, Open: app.Open}
	cmd := &cobra.Command{
		Use:   "history <system>/<account>",
		Short: "List the secret versions of a credential",
		Long: `List the versions of the secret of a credential, newest first: when each came and
from whom, and which master key wraps it. No secret is shown. What else changed in a
credential, and who had it, tells "vault events list --credential".

Exit codes: 0; 106 there is no such credential; 109 the store can't be opened.`,
		Example: `  vault credentials history web01/root
  vault credentials history web01/root -o json`,
		Args:              oneRef,
		ValidArgsFunction: app.Complete(vaultcli.Credentials),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runHistory(cmd.Context(), opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runHistory(ctx context.Context, opts *HistoryOptions) error {
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		c, versions, err := v.History(ctx, opts.Ref)
		if err != nil {
			return err
		}
		return historyList(c.Secret).Write(opts.Streams, render.Format(opts.Output), versions)
	})
}

type versionJSON struct {
	Number    int64     `json:"number"`
	Present   bool      `json:"present"`
	Created   time.Time `json:"created"`
	CreatedBy string    `json:"created_by"`
	WrappedBy string    `json:"wrapped_by"`
}

func historyList(present int64) render.List[vault.SecretVersion] {
	type item = vault.SecretVersion
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "VERSION", Cell: func(v item) any { return v.Number }},
			{Name: "PRESENT", Cell: func(v item) any { return v.Number == present }},
			{Name: "CREATED", Cell: func(v item) any { return v.Created }},
			{Name: "CREATED BY", Cell: func(v item) any { return v.CreatedBy }},
			{Name: "WRAPPED BY", Cell: func(v item) any { return v.WrappedBy }},
		},
		JSON: func(v item) any {
			return versionJSON{Number: v.Number, Present: v.Number == present, Created: v.Created, CreatedBy: v.CreatedBy, WrappedBy: v.WrappedBy}
		},
		Empty: "it has no secret yet",
	}
}
