package integrations

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// EditOptions are what "integrations edit" was told.
type EditOptions struct {
	Ref string // name or id
	Fields
	Result
	IfVersion int64
	DryRun    bool

	Now         func() time.Time
	Prompt      func() prompt.Prompter
	Read        Reader
	Open        vaultcli.Opener
	WhyNoPrompt func() string
}

func newEditOptions(app *vaultcli.App) *EditOptions {
	return &EditOptions{Result: newResult(app), Now: app.Now, Prompt: app.Prompt, Read: app.Read, Open: app.Open, WhyNoPrompt: whyNoPrompt(app)}
}

// NewEdit makes the command. runF replaces its run in tests; nil is the real one.
func NewEdit(app *vaultcli.App, runF func(context.Context, *EditOptions) error) *cobra.Command {
	opts := newEditOptions(app)
	cmd := &cobra.Command{
		Use:   "edit <name>|<id>",
		Short: "Change an integration",
		Long: `Change what the flags name, and nothing else. Without a flag, on a terminal, the
record is shown as a form. --allow-ip and --grant replace the whole list; --add-ip,
--remove-ip, --add-grant and --remove-grant change one entry of it. An empty value
empties a field.

Whoever edits at the same time is not overrun: the form, and --if-version, fail when
the record has changed since, and tell what has.

Exit codes: 0, also when it was so already; 2 a value can't be, or nothing to change
is given; 106 there is no such integration; 107 the name is taken, or the record was
changed meanwhile; 109 the store can't be opened; 110 it can't be written to.`,
		Example: `  vault integrations edit build-server
  vault integrations edit build-server --add-ip 10.0.1.0/24 --hours 4
  vault integrations edit build-server --skip-approval-justification 'change 4711' --skip-approval-until 2099-01-31 --dry-run
  vault integrations edit build-server --name build --if-version 3`,
		Args:              cli.ExactArgs("the name or the id of an integration"),
		ValidArgsFunction: app.Complete(vaultcli.Integrations),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			opts.given(cmd)
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runEdit(cmd.Context(), opts)
		},
	}
	opts.Fields.flags(cmd, false)
	f := cmd.Flags()
	f.StringArrayVar(&opts.AddIP, "add-ip", nil, "`address` or network to add to the list; may be repeated")
	f.StringArrayVar(&opts.RemoveIP, "remove-ip", nil, "`address` or network to take out of the list; may be repeated")
	f.StringArrayVar(&opts.AddGrant, "add-grant", nil, "`system/account` to add to the list; may be repeated")
	f.StringArrayVar(&opts.RemoveGrant, "remove-grant", nil, "`system/account` to take out of the list; may be repeated")
	f.Int64Var(&opts.IfVersion, "if-version", 0, "change it only if it has this version still, a `number` that show tells")
	f.BoolVar(&opts.DryRun, "dry-run", false, "check everything, and tell what would change; change nothing")
	opts.Result.flags(cmd)
	return cmd
}

func runEdit(ctx context.Context, opts *EditOptions) error {
	why := opts.WhyNoPrompt()
	if !opts.any() && why != "" {
		return pam.Failf(pam.ErrUsage, "nothing to change is given, and it can't be asked for: %s", why).WithHint("give what is to change as flags, such as --hours 4")
	}
	if err := opts.canShow(opts.Generate && !opts.DryRun); err != nil {
		return err
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		was, err := v.Integration(ctx, opts.Ref)
		if err != nil {
			return err
		}
		if !opts.any() {
			return opts.interview(ctx, v, was)
		}
		e, err := opts.edit(was, opts.Now())
		if err != nil {
			return err
		}
		if err := opts.prove(ctx, &e, was.Auth, opts.Read); err != nil {
			return err
		}
		defer e.Secret.Wipe()
		return opts.change(ctx, v, was, e, opts.IfVersion)
	})
}

// interview shows the form, filled in.
func (o *EditOptions) interview(ctx context.Context, v *vaultcli.Vault, was vault.Integration) error {
	f := &form{was: was, draft: was, title: "Integration " + was.Name, ask: o.Prompt(), say: o.Say, now: o.Now, canShow: o.canShowGenerated}
	if err := f.fill(ctx); err != nil {
		return err
	}
	defer f.edit.Secret.Wipe()
	return o.change(ctx, v, was, f.edit, was.Version)
}

// change makes the edit, or tells in a dry run what it would change.
func (o *EditOptions) change(ctx context.Context, v *vaultcli.Vault, was vault.Integration, e vault.IntegrationEdit, seen int64) error {
	service, did := v.Service, "changed"
	if o.DryRun {
		service, did = v.Rehearse(), "would change"
	}
	done, err := service.EditIntegration(ctx, v.Actor, was.ID, seen, e)
	if err != nil {
		return err
	}
	defer done.Generated.Wipe()
	if o.DryRun {
		done.Generated = secret.Value{}
	}
	o.tell(did, done.Integration.Name, done.Changes)
	return o.show(done)
}

// tell says what changed. Of a credential it says only that it did.
func (o *EditOptions) tell(did, name string, changes []audit.Change) {
	var words []string
	for _, c := range changes {
		if c.Field == "credential" {
			words = append(words, c.Field)
			continue
		}
		words = append(words, c.Field+" from "+quoted(c.Old)+" to "+quoted(c.New))
	}
	if len(words) == 0 {
		o.Say("integration %s is so already; nothing changes", name)
		return
	}
	o.Say("%s integration %s: %s", did, name, strings.Join(words, "; "))
}

func quoted(text string) string {
	if text == "" {
		return "nothing"
	}
	return `"` + text + `"`
}
