package leases

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/api/client"
	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handback"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// ask is what the flags say, for a server.
func (o *CheckOutOptions) ask() (client.Ask, error) {
	system, account, err := vault.ParseRef(o.Ref)
	return client.Ask{
		System: system, Account: account, For: o.Request.For, Reason: o.Reason, Comment: o.Request.Comment, Ticket: o.Request.Ticket, Key: client.NewKey(),
	}, err
}

// releaseAt checks out at a server, and waits for an approval when that is asked
// for.
func (o *CheckOutOptions) releaseAt(ctx context.Context, c *client.Client) (pam.Checkout, pam.Release, error) {
	ask, err := o.ask()
	if err != nil {
		return pam.Checkout{}, pam.Release{}, err
	}
	out, r, err := c.CheckOut(ctx, ask)
	if o.Wait > 0 && errors.Is(err, pam.ErrPending) {
		o.Handout.Say("waiting for approval of request %s; an approver says: %s requests approve %s", r.ID, o.Handout.Command, r.ID)
		out, _, err = c.CheckOutWithin(ctx, ask, o.Wait)
	}
	return vaultcli.Borrowed(c, out.Checkout), pam.Release{Secret: out.Secret, Expires: out.Due}, o.uncertainAt(c, err)
}

// uncertainAt tells what to do after a check-out whose answer did not come: what
// was released to nobody is still held.
func (o *CheckOutOptions) uncertainAt(c *client.Client, err error) error {
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || !errors.Is(err, pam.ErrUncertain) {
		return err
	}
	told := pam.Failf(f.Class, "check-out is uncertain: %w", err).Uncertain()
	return told.WithHint("%s may hold %s as checked out by %s; look with: %s checkouts, and give it back with: %s checkin ID", c.Server.Host, o.Ref, c.Integration, o.Handout.Command, o.Handout.Command)
}

// planAt tells what a check-out at a server would come to, as far as the server
// tells without one.
func (o *CheckOutOptions) planAt(ctx context.Context, c *client.Client) error {
	ask, err := o.ask()
	if err != nil {
		return err
	}
	page, err := c.Credentials(ctx, ask.System, ask.Account, client.Paging{Limit: 1})
	if err != nil {
		return err
	}
	doc := planJSON{DryRun: true, Identity: c.Integration, Credential: cli.NewCredentialJSON(pam.Credential{System: ask.System, Account: ask.Account})}
	switch {
	case len(page.Items) == 0:
		doc.Outcome, doc.Message = string(pam.ErrDenied), "it is not granted, or not there"
	case ask.For.Hours() > page.Items[0].Hours:
		doc.Outcome, doc.Message = string(pam.ErrDenied), "it is too long: at most "+vault.FormatHours(hours(page.Items[0].Hours))+" hours are allowed"
	case page.Items[0].Approval:
		doc.Outcome, doc.Message = string(pam.ErrPending), "an approval is needed first"
	default:
		doc.Outcome, doc.Due = "released", o.Now().UTC().Add(min(ask.For, hours(page.Items[0].Hours)))
		if ask.For == 0 {
			doc.Due = o.Now().UTC().Add(hours(page.Items[0].Hours))
		}
	}
	return o.tell(doc)
}

// runCheckInAt gives back at a server.
func runCheckInAt(ctx context.Context, opts *CheckInOptions, c *client.Client) error {
	if opts.Everybody {
		return vaultcli.OnlyHere("--everybody")
	}
	back := opts.Options
	lender := vaultcli.Lender{Client: c}
	back.Journal = func() (handback.Journal, error) { return lender, nil }
	back.Open = func(string) (handback.Service, error) { return lender, nil }
	return back.Run(ctx)
}

// runCheckOutsAt lists what a server lent.
func runCheckOutsAt(ctx context.Context, opts *CheckOutsOptions, c *client.Client) error {
	switch {
	case opts.Everybody:
		return vaultcli.OnlyHere("--everybody")
	case opts.Credential != "":
		return vaultcli.OnlyHere("--credential")
	}
	page, err := c.Checkouts(ctx, opts.All, client.Paging{Limit: opts.Limit, Cursor: opts.Cursor})
	if err != nil {
		return err
	}
	leases := make([]vault.Lease, 0, len(page.Items))
	for _, out := range page.Items {
		leases = append(leases, leaseOf(c, out))
	}
	return opts.write(leases, page.Next)
}

// leaseOf is a check-out of a server in the words of the store.
func leaseOf(c *client.Client, out client.Checkout) vault.Lease {
	return vault.Lease{
		ID: out.ID, Credential: out.System + "/" + out.Account, Secret: out.Version, Holder: vault.Actor{Kind: vault.ActorIntegration, Name: c.Integration},
		Reason: out.Reason, Comment: out.Comment, Ticket: out.Ticket, RequestID: out.Request, At: out.Since, Due: out.Due, State: vault.LeaseState(out.State), Ended: out.Ended,
	}
}

func hours(n float64) time.Duration { return time.Duration(n * float64(time.Hour)) }
