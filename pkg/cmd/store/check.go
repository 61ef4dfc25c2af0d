package store

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
)

// CheckOptions are what "store check" was told.
type CheckOptions struct {
	Output  string
	Streams *term.Streams
	Find    Finder
}

// NewCheck makes the command. runF replaces its run in tests; nil is the real one.
func NewCheck(app *vaultcli.App, runF func(context.Context, *CheckOptions) error) *cobra.Command {
	opts := &CheckOptions{Streams: app.Streams, Find: app.Storage}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check that the store is sound",
		Long: `Check the schema of the store, whether it is sound, what keeps its events from being
changed, who can read its files, and whether the master key opens it. The schema
is left as it is. Whether all events are as they were written is what "vault events
verify" tells.

Exit codes: 0, also with warnings; 1 something is at fault; 106 there is no store;
109 it can't be opened at all.`,
		Example: `  vault store check
  vault store check -o json`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runCheck(cmd.Context(), opts)
		},
	}
	cli.OutputFlag(cmd, &opts.Output, cli.ListFormats()...)
	return cmd
}

func runCheck(ctx context.Context, opts *CheckOptions) error {
	at, err := opts.Find()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, vaultcli.Patience)
	defer cancel()
	found, err := at.Check(ctx)
	if err != nil {
		return err
	}
	if err := findingList().Write(opts.Streams, render.Format(opts.Output), found); err != nil {
		return err
	}
	for _, f := range found {
		if f.Level == vaultcli.LevelFault {
			return pam.Failf(pam.ErrOther, "the store %s is at fault: %s: %s", at.Address, f.Name, f.Text).WithHint("%s", f.Hint)
		}
	}
	return nil
}

// findingJSON is a finding in JSON and YAML.
type findingJSON struct {
	Check  string `json:"check"`
	Result string `json:"result"` // ok, warning or fault
	Text   string `json:"text"`
	Hint   string `json:"hint"`
}

func findingList() render.List[vaultcli.Finding] {
	type item = vaultcli.Finding
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "CHECK", Cell: func(f item) any { return f.Name }},
			{Name: "RESULT", Cell: func(f item) any { return string(f.Level) }},
			{Name: "TEXT", Cell: func(f item) any { return f.Text }},
			{Name: "HINT", Cell: func(f item) any { return f.Hint }},
		},
		JSON: func(f item) any {
			return findingJSON{Check: f.Name, Result: string(f.Level), Text: f.Text, Hint: f.Hint}
		},
	}
}
