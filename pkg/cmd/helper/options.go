package helper

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/cli/selection"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/term"
)

// Options are what each helper is told. All below the flags must be set.
type Options struct {
	User    string
	Request handout.Request
	DryRun  bool

	Streams  *term.Streams
	Say      func(format string, args ...any)
	Accepts  func(risk string) bool
	Settings func() (*config.Settings, error)
	Journal  func() (Journal, error)
	Select   selection.Options // how a credential is found; whose and which is filled in
	Plan     handout.Options   // where a dry run goes
}

// Journal lists the open checkouts.
type Journal interface {
	Open(context.Context) ([]pam.Checkout, error)
}

func newOptions(app *cli.App) Options {
	o := Options{
		Streams: app.Streams, Say: app.Say, Accepts: app.Globals.Accepts,
		Settings: func() (*config.Settings, error) { return app.Load("") },
		Journal:  func() (Journal, error) { return app.Journal() },
		Select:   selection.New(app), Plan: handout.New(app),
	}
	o.Select.Prompt = func() prompt.Prompter { return prompt.New(app.Streams, true, app.Getenv) } // the caller owns the terminal
	o.Select.Open = once(o.Select.Open)
	return o
}

// once keeps the first service, so that one sign-in serves for all.
func once(open func() (selection.Service, error)) func() (selection.Service, error) {
	var kept selection.Service
	return func() (selection.Service, error) {
		if kept != nil {
			return kept, nil
		}
		service, err := open()
		if err == nil {
			kept = service
		}
		return service, err
	}
}

func (o *Options) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.User, "user", "", "session's `user`, in whose name credentials are checked out (default: helper.user)")
	f.StringVar(&o.Request.Comment, "comment", "", "`words` for the service's audit trail (default: the CI job, or what asks)")
	f.StringVar(&o.Request.Ticket, "ticket", "", "`number` of the case; it goes before the comment")
	f.DurationVar(&o.Request.For, "for", 0, "how `long` it is needed, for example 2h; \"checkouts\" then shows when it is overdue")
	f.BoolVar(&o.DryRun, "dry-run", false, "tell which credential would be checked out or given back; release nothing")
}

// find looks one credential up. Via says who asks for it.
func (o *Options) find(ctx context.Context, s pam.Selector, via string) (selection.Selected, error) {
	user, err := o.user()
	if err != nil {
		return selection.Selected{}, err
	}
	look := o.Select
	look.Lookup = cli.LookupFlags{User: user, Endpoint: s.Endpoint}
	look.Account, look.List, look.Request, look.Via = s.Account, s.List, o.Request, via
	chosen, err := look.Select(ctx)
	if ambiguous, ok := errors.AsType[*engine.AmbiguousError](err); ok {
		return chosen, pam.Failf(pam.ErrUsage, "%s: %w", s, ambiguous).WithHint("write one of these texts after %s/ in place of %s; or add ?list=LIST, for an entry of a shared list", s.Endpoint, s.Account)
	}
	if err == nil && chosen.Request.Comment == "" {
		chosen.Request.Comment = via
	}
	return chosen, err
}

func (o *Options) user() (string, error) {
	if o.User != "" {
		return o.User, nil
	}
	s, err := o.Settings()
	if err != nil {
		return "", err
	}
	if s.Helper.User == "" {
		return "", pam.Failf(pam.ErrUsage, "nobody says in whose name to check out").WithHint("set helper.user, for example with REDIM_HELPER_USER or: redim config set helper.user 'EX\\alice'; or pass --user")
	}
	return s.Helper.User, nil
}

// hand checks a credential out, has write hand it over, and records that it was.
// What could not be handed over is given back.
func (o *Options) hand(ctx context.Context, chosen selection.Selected, write func(pam.Checkout, pam.Release) error) error {
	c, r, err := chosen.CheckOut(ctx)
	if err != nil {
		return err
	}
	defer r.Secret.Wipe()
	if err := write(c, r); err != nil {
		return o.takeBack(ctx, chosen, c, err)
	}
	return o.keep(ctx, chosen, c)
}

func (o *Options) takeBack(ctx context.Context, chosen selection.Selected, c pam.Checkout, cause error) error {
	if _, err := chosen.Service.CheckIn(context.WithoutCancel(ctx), c); err != nil {
		return pam.Failf(pam.ErrOther, "%w; giving it back failed too: %w", cause, err).WithHint("give it back with: redim checkin %s", c.ID)
	}
	class, _, hint := cli.Describe(cause)
	return pam.Failf(class, "%w; %s was given back", cause, c.Credential.Ref()).WithHint("%s", hint)
}

// unseen refuses to show a password to whoever looks at the terminal.
func (o *Options) unseen(program string) error {
	if o.DryRun || !o.Streams.InteractiveOut() {
		return nil
	}
	return pam.Failf(pam.ErrUsage, "the password is not shown on a terminal unasked").
		WithHint("this is for %s; to look at it: redim checkout --reveal; to try it out: --dry-run", program)
}

func (o *Options) keep(ctx context.Context, chosen selection.Selected, c pam.Checkout) error {
	if err := chosen.Service.Keep(ctx, c); err != nil {
		return pam.Failf(pam.ErrPartial, "%s is checked out and its secret handed over, but that is not recorded: %w", c.Credential.Ref(), err).
			WithHint("the next \"redim recover\" would give it back; do that, or: redim checkin %s", c.ID)
	}
	return nil
}

// most is how much a program may say.
const most = 64 << 10

// readAll reads what a program says, which the caller clears.
func readAll(in io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, most+1))
	switch {
	case err != nil:
		return text, pam.Failf(pam.ErrOther, "read standard input: %w", err)
	case len(text) > most:
		return text, pam.Failf(pam.ErrUsage, "standard input is longer than 64 KiB").WithHint("this command is called by another program, which says a few lines")
	}
	return text, nil
}
