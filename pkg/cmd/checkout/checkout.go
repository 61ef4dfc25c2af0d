package checkout

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
)

// Options are what the command was told.
type Options struct {
	Lookup  cli.LookupFlags
	Account string
	List    string
	Request handout.Request
	Handout handout.Options
	DryRun  bool

	Prompt func() prompt.Prompter
	Open   func() (Service, error)
}

// Service finds credentials and checks them out.
type Service interface {
	Find(context.Context, engine.FindRequest) (engine.Finding, error)
	CheckOut(context.Context, engine.CheckOutRequest) (pam.Checkout, pam.Release, error)
	SpinPlan(pam.Credential) engine.SpinPlan
	Keep(context.Context, pam.Checkout) error
}

// New makes the command. runF replaces its run in tests; nil is the real one.
func New(app *cli.App, runF func(context.Context, *Options) error) *cobra.Command {
	opts := &Options{Handout: handout.New(app), Prompt: app.Prompt, Open: opener(app)}
	cmd := &cobra.Command{
		Use:   "checkout",
		Short: "Check a credential out",
		Long: `Look up the credentials that the user may use on the endpoint, and check one of
them out. Before the service is asked, the intent is on disk; "checkouts" lists
what is open and "checkin" gives it back.

Nothing secret is shown on a terminal without --reveal. In a pipe, --field
password writes the password and a newline and nothing else. --out writes the
password to a new file with mode 0600.

When several credentials fit, a terminal shows a menu; a script has to name
one with --account and --list.

Exit codes: 0; 2 several credentials fit and none was named; 104 to 106, 109, 111,
112 and 117 as for test-settings; 107 someone else holds it; 110 the journal
can't be written, and nothing was released.`,
		Example: `  redim checkout --user 'EX\alice' --endpoint web01 --account Administrator --reveal
  redim checkout --user 'EX\alice' --endpoint web01 --account Administrator --ticket CHG-4711 --field password
  redim checkout --user 'EX\alice' --endpoint web01 --account Administrator --dry-run`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return run(cmd.Context(), opts)
		},
	}
	addFlags(cmd, opts)
	return cmd
}

func addFlags(cmd *cobra.Command, opts *Options) {
	opts.Lookup.Add(cmd)
	f := cmd.Flags()
	f.StringVar(&opts.Account, "account", "", "`account` to check out, when there is more than one")
	f.StringVar(&opts.List, "list", "", "shared credential `list` that the account is in")
	f.StringVar(&opts.Request.Comment, "comment", "", "`words` for the service's audit trail")
	f.StringVar(&opts.Request.Ticket, "ticket", "", "`number` of the case; it goes before the comment")
	f.DurationVar(&opts.Request.For, "for", 0, "how `long` it is needed, for example 2h; \"checkouts\" then shows when it is overdue")
	f.BoolVar(&opts.DryRun, "dry-run", false, "tell which credential would be checked out, as whom, and what would be spun; release nothing")
	opts.Handout.Add(cmd)
}

func opener(app *cli.App) func() (Service, error) {
	return func() (Service, error) {
		s, err := app.Settings()
		if err != nil {
			return nil, err
		}
		return app.Service(s)
	}
}

func run(ctx context.Context, opts *Options) error {
	if err := errors.Join(opts.Handout.Check(), opts.Request.Check()); err != nil {
		return err
	}
	req, err := opts.Lookup.Request(ctx, opts.Prompt())
	if err != nil {
		return err
	}
	service, err := opts.Open()
	if err != nil {
		return err
	}
	finding, err := service.Find(ctx, req)
	if err != nil {
		return err
	}
	chosen, err := choose(ctx, opts, finding.Credentials)
	if err != nil {
		return err
	}
	if opts.DryRun {
		return plan(opts, finding.Identity, chosen, service.SpinPlan(chosen))
	}
	opts.Handout.Keep = func(c pam.Checkout) error { return service.Keep(ctx, c) }
	return opts.Handout.Deliver(func() (pam.Checkout, pam.Release, error) {
		return service.CheckOut(ctx, engine.CheckOutRequest{
			Identity: finding.Identity, Credential: chosen, Comment: opts.Request.Comment, Ticket: opts.Request.Ticket, For: opts.Request.For,
		})
	})
}

// choose picks the credential: by the flags, or by a menu where one can be shown.
func choose(ctx context.Context, opts *Options, creds []pam.Credential) (pam.Credential, error) {
	chosen, err := engine.Choose(creds, opts.Account, opts.List)
	ambiguous, ok := errors.AsType[*engine.AmbiguousError](err)
	if !ok {
		return chosen, err
	}
	i, err := opts.Prompt().Select(ctx, prompt.Question{Label: "Account", Flag: "--account"}, engine.Labels(ambiguous.Choices))
	if errors.Is(err, pam.ErrUsage) {
		return chosen, pam.Failf(pam.ErrUsage, "%w", ambiguous).WithHint("name one with --account, and --list for an entry of a shared list")
	}
	if err != nil {
		return chosen, err
	}
	return ambiguous.Choices[i], nil
}
