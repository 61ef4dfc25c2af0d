package policies

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
)

// EditOptions are what "policies edit" was told.
type EditOptions struct {
	Fields
	Result
	Ref  string
	Seen int64

	Command string
	Open    vaultcli.Opener
}

// NewEdit makes the command. runF replaces its run in tests; nil is the real one.
func NewEdit(app *vaultcli.App, runF func(context.Context, *EditOptions) error) *cobra.Command {
	opts := &EditOptions{Result: newResult(app), Open: app.Open}
	cmd := &cobra.Command{
		Use:   "edit <name>",
		Short: "Change a policy",
		Long: `Change what the flags name; all else stays. Requests that are waiting keep the rules
they were made under, and credentials that are checked out stay so.

With --if-version an edit is refused when somebody else was faster, and told what
they changed. "show" tells the version.

Exit codes: 0, also when it was so already; 2 a value can't be, or no flag says what
to change; 106 there is no such policy; 107 changed meanwhile, or the new name is
taken; 109 the store can't be opened; 110 it can't be written to.`,
		Example: `  vault policies edit production --longest 2
  vault policies edit production --approver alice --approver carol --if-version 3
  vault policies edit production --name live --dry-run`,
		Args:              oneName,
		ValidArgsFunction: app.Complete(vaultcli.Policies),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref, opts.Command = args[0], cmd.CommandPath()
			opts.given(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runEdit(cmd.Context(), opts)
		},
	}
	opts.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&opts.Name, "name", "", "new `name`")
	f.Int64Var(&opts.Seen, "if-version", 0, "change it only while it has this `version`")
	f.BoolVar(&opts.DryRun, "dry-run", false, "check everything, and tell what would be changed; change nothing")
	cli.OutputFlag(cmd, &opts.Output, cli.OneFormats()...)
	return cmd
}

func runEdit(ctx context.Context, opts *EditOptions) error {
	if !opts.changes() {
		return pam.Failf(pam.ErrUsage, "nothing is to be changed").WithHint("give the fields that are to change as flags: %s --help", opts.Command)
	}
	e, err := opts.edit()
	if err != nil {
		return err
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		p, changes, err := opts.Service(v).EditPolicy(ctx, v.Actor, opts.Ref, opts.Seen, e)
		if err != nil {
			return err
		}
		if len(changes) == 0 {
			opts.Say("policy %s is so already", p.Name)
		} else {
			opts.Say("%s policy %s: %s", opts.Verb("changed", "change"), p.Name, strings.Join(changed(changes), ", "))
		}
		return opts.show(p)
	})
}

// changed tells each change in words.
func changed(changes []audit.Change) []string {
	out := make([]string, len(changes))
	for n, c := range changes {
		out[n] = c.Field + " from " + orNone(c.Old) + " to " + orNone(c.New)
	}
	return out
}
