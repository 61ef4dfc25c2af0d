package leases

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// CheckOutOptions are what "checkout" was told.
type CheckOutOptions struct {
	Ref     string
	Reason  string
	Request handout.Request
	Handout handout.Options
	Wait    time.Duration
	DryRun  bool

	Now      func() time.Time
	Open     vaultcli.Opener
	Remote   vaultcli.Remotely
	Complete handout.Completer
	// Poll is how often a request that is waited for is looked at.
	Poll time.Duration
}

func newCheckOut(app *vaultcli.App) *CheckOutOptions {
	return &CheckOutOptions{Handout: handout.New(app.App), Complete: handout.FromJob(app.App), Now: app.Now, Open: app.Open, Remote: app.Remote, Poll: time.Second / 2}
}

// NewCheckOut makes the command. runF replaces its run in tests; nil is the real one.
func NewCheckOut(app *vaultcli.App, runF func(context.Context, *CheckOutOptions) error) *cobra.Command {
	opts := newCheckOut(app)
	cmd := &cobra.Command{
		Use:   "checkout <system>/<account>",
		Short: "Check a credential out",
		Long: `Check a credential of the store out, for as long as --for says, or for 8 hours, and
never for longer than its policy allows. That it was released, to whom and why, is on
disk before the secret is shown; at the end of the time it is checked in by itself.

Where the policy asks for approval, a request is made, and its id told: check out
again when it is approved, or let --wait wait for that.

Nothing secret is shown on a terminal without --reveal. In a pipe, --field
password writes the password and a newline and nothing else. --out writes the
password to a new file with mode 0600.

You are who the operating system says this process runs as; see "vault requests".
With --server a vault serve is asked instead, as the integration that the settings
integration and credential name; what it does is what an application would see.

Exit codes: 0; 2 wrong flags; 105 the policy does not allow it, or the request was
denied; 106 there is no such credential, or it has no secret; 107 somebody else
holds it, or you do already; 108 an approval is needed first; 109 the store can't
be opened; 110 it can't be written to, and nothing was released.`,
		Example: `  vault checkout web01/root --reveal
  vault checkout web01/root --for 2h --reason 'disk full' --ticket CHG-4711 --field password
  vault checkout web01/root --wait 1h --out password
  vault checkout web01/root --server https://vault.example.com:8443 --field password
  vault checkout web01/root --dry-run`,
		Args:              cli.ExactArgs("a credential, as system/account"),
		ValidArgsFunction: app.Complete(vaultcli.Credentials),
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.Ref = args[0]
			if runF != nil {
				return runF(cmd.Context(), opts)
			}
			return runCheckOut(cmd.Context(), opts)
		},
	}
	opts.add(cmd)
	opts.Handout.Add(cmd)
	app.ServerFlag(cmd)
	return cmd
}

// add adds the flags that say what is asked for.
func (o *CheckOutOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&o.Request.For, "for", 0, "how `long` it is needed, for example 2h; then it is checked in by itself")
	f.StringVar(&o.Reason, "reason", "", "`why` it is needed")
	f.StringVar(&o.Request.Comment, "comment", "", "`words` for the record")
	f.StringVar(&o.Request.Ticket, "ticket", "", "`number` of the case")
	f.DurationVar(&o.Wait, "wait", 0, "how `long` to wait for an approval, for example 1h")
	f.BoolVar(&o.DryRun, "dry-run", false, "tell what would come of it; release nothing")
}

// shortest is the least time that a check-out may be asked for.
const shortest = time.Second

func (o *CheckOutOptions) check() error {
	if _, _, err := vault.ParseRef(o.Ref); err != nil {
		return err
	}
	if err := errors.Join(o.Handout.Check(), o.Request.Check()); err != nil {
		return err
	}
	if o.Request.For > 0 && o.Request.For < shortest {
		return pam.Failf(pam.ErrUsage, "--for %s is too short", o.Request.For).WithHint("give a second or more, for example 30m")
	}
	if o.Wait < 0 {
		return pam.Failf(pam.ErrUsage, "--wait %s is in the past", o.Wait).WithHint("give a duration such as 30m")
	}
	var err error
	o.Request, err = o.Complete(o.Request)
	return err
}

func runCheckOut(ctx context.Context, opts *CheckOutOptions) error {
	if err := opts.check(); err != nil {
		return err
	}
	server, err := opts.Remote()
	switch {
	case err != nil:
		return err
	case server != nil && opts.DryRun:
		return opts.planAt(ctx, server)
	case server != nil:
		return opts.Handout.Deliver(func() (pam.Checkout, pam.Release, error) { return opts.releaseAt(ctx, server) })
	}
	return opts.Open.With(ctx, func(v *vaultcli.Vault) error {
		if opts.DryRun {
			return opts.plan(ctx, v)
		}
		return opts.Handout.Deliver(func() (pam.Checkout, pam.Release, error) { return opts.release(ctx, v) })
	})
}

// release checks out, and waits for an approval when that is asked for.
func (o *CheckOutOptions) release(ctx context.Context, v *vaultcli.Vault) (pam.Checkout, pam.Release, error) {
	c, r, err := o.checkOut(ctx, v.Service, v.Actor, "")
	if o.Wait == 0 || !errors.Is(err, pam.ErrPending) {
		return c, r, err
	}
	request, err := o.approved(ctx, v, err)
	if err != nil {
		return c, r, err
	}
	return o.checkOut(ctx, v.Service, v.Actor, request)
}

// checkOut goes through the engine once. request is that which is collected;
// empty: any that fits.
func (o *CheckOutOptions) checkOut(ctx context.Context, service *vault.Service, as vault.Actor, request string) (pam.Checkout, pam.Release, error) {
	system, account, err := vault.ParseRef(o.Ref)
	if err != nil {
		return pam.Checkout{}, pam.Release{}, err
	}
	session, err := service.Session(vault.Ask{Actor: as, Reason: o.Reason, Request: request})
	if err != nil {
		return pam.Checkout{}, pam.Release{}, err
	}
	e := &engine.Engine{Source: session, Journal: session, Clock: o.Now, NewID: vault.NewLeaseID}
	c, r, err := e.CheckOut(ctx, engine.CheckOutRequest{
		Identity: pam.Identity{Name: as.Name}, Credential: pam.Credential{System: system, Account: account},
		Comment: o.Request.Comment, Ticket: o.Request.Ticket, For: o.Request.For,
	})
	if lease, ok := session.Lease(c.ID); ok {
		c.Credential = lease.Checkout("").Credential // as it is written, not as it was typed
	}
	return c, r, err
}
