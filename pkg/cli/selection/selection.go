package selection

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

// Options say which credential is wanted, for whom, and with which words.
// Prompt, Open and
// Complete must be set.
type Options struct {
	Lookup  cli.LookupFlags
	Account string
	List    string
	Request handout.Request
	Via     string // as pam.Checkout has it

	Prompt   func() prompt.Prompter
	Open     func() (Service, error)
	Complete handout.Completer
}

// Service finds credentials, checks them out and in.
type Service interface {
	Find(context.Context, engine.FindRequest) (engine.Finding, error)
	CheckOut(context.Context, engine.CheckOutRequest) (pam.Checkout, pam.Release, error)
	CheckIn(context.Context, pam.Checkout) (engine.CheckInResult, error)
	Keep(context.Context, pam.Checkout) error
	Read(context.Context, engine.CheckOutRequest) (pam.Checkout, pam.Release, error)
	SpinPlan(pam.Credential) engine.SpinPlan
}

// New makes the options of a command of an App.
func New(app *cli.App) Options {
	return Options{Prompt: app.Prompt, Open: opener(app), Complete: handout.FromJob(app)}
}

// Add adds the flags to a command.
func (o *Options) Add(cmd *cobra.Command) {
	o.Lookup.Add(cmd)
	f := cmd.Flags()
	f.StringVar(&o.Account, "account", "", "`account` to check out, when there is more than one")
	f.StringVar(&o.List, "list", "", "shared credential `list` that the account is in")
	f.StringVar(&o.Request.Comment, "comment", "", "`words` for the service's audit trail")
	f.StringVar(&o.Request.Ticket, "ticket", "", "`number` of the case; it goes before the comment")
	f.DurationVar(&o.Request.For, "for", 0, "how `long` it is needed, for example 2h; \"checkouts\" then shows when it is overdue")
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

// Selected is one credential that a look-up found.
type Selected struct {
	Service    Service
	Identity   pam.Identity // who yielded it
	Credential pam.Credential
	Request    handout.Request
	Via        string
}

// Select looks the credentials up and picks the one that is meant: by the flags,
// or by a menu where one can be shown.
func (o *Options) Select(ctx context.Context) (Selected, error) {
	if err := o.Request.Check(); err != nil {
		return Selected{}, err
	}
	req, err := o.Lookup.Request(ctx, o.Prompt())
	if err != nil {
		return Selected{}, err
	}
	service, err := o.Open()
	if err != nil {
		return Selected{}, err
	}
	words, err := o.Complete(o.Request)
	if err != nil {
		return Selected{}, err
	}
	finding, err := service.Find(ctx, req)
	if err != nil {
		return Selected{}, err
	}
	chosen, err := o.choose(ctx, finding.Credentials)
	return Selected{Service: service, Identity: finding.Identity, Credential: chosen, Request: words, Via: o.Via}, err
}

func (o *Options) choose(ctx context.Context, creds []pam.Credential) (pam.Credential, error) {
	chosen, err := engine.Choose(creds, o.Account, o.List)
	ambiguous, ok := errors.AsType[*engine.AmbiguousError](err)
	if !ok {
		return chosen, err
	}
	i, err := o.Prompt().Select(ctx, prompt.Question{Label: "Account", Flag: "--account"}, engine.Labels(ambiguous.Choices))
	if errors.Is(err, pam.ErrUsage) {
		return chosen, pam.Failf(pam.ErrUsage, "%w", ambiguous).WithHint("name one with --account, and --list for an entry of a shared list")
	}
	if err != nil {
		return chosen, err
	}
	return ambiguous.Choices[i], nil
}

// CheckOut checks it out.
func (s Selected) CheckOut(ctx context.Context) (pam.Checkout, pam.Release, error) {
	return s.Service.CheckOut(ctx, s.request())
}

// Read reads it without a check-out, whoever holds it.
func (s Selected) Read(ctx context.Context) (pam.Checkout, pam.Release, error) {
	return s.Service.Read(ctx, s.request())
}

func (s Selected) request() engine.CheckOutRequest {
	return engine.CheckOutRequest{
		Identity: s.Identity, Credential: s.Credential, Comment: s.Request.Comment, Ticket: s.Request.Ticket, For: s.Request.For, Via: s.Via,
	}
}
