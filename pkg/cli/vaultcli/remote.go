package vaultcli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/redim-tools/redim/pkg/api/client"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
)

// serverFlag is the name of the flag that ServerFlag adds.
const serverFlag = "server"

// ServerFlag adds --server to a command that asks either the store or a server.
func (a *App) ServerFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.Globals.Server, serverFlag, "", "ask the vault serve at this `URL`, as an integration (default: REDIM_SERVER, then the setting server; without one, the store)")
}

// Remotely is how a command finds the server that it is to ask; nil for none.
type Remotely func() (*client.Client, error)

// Borrowed is a check-out of a server as the engine knows its own.
func Borrowed(c *client.Client, out client.Checkout) pam.Checkout {
	state := pam.CheckoutOpen
	if !out.Ended.IsZero() {
		state = pam.CheckoutCheckedIn
	}
	return pam.Checkout{
		ID: out.ID, Service: c.Server.Host, Identity: c.Identity(), Credential: pam.Credential{System: out.System, Account: out.Account},
		Comment: out.Comment, Ticket: out.Ticket, At: out.Since, Due: out.Due, State: state,
	}
}

// Lender gives back what a server lent, and lists it.
type Lender struct{ *client.Client }

// Open lists all that is open.
func (l Lender) Open(ctx context.Context) ([]pam.Checkout, error) {
	var all []pam.Checkout
	for p := (client.Paging{Limit: 1000}); ; {
		page, err := l.Checkouts(ctx, false, p)
		if err != nil {
			return nil, err
		}
		for _, out := range page.Items {
			all = append(all, Borrowed(l.Client, out))
		}
		if p.Cursor = page.Next; p.Cursor == "" {
			return all, nil
		}
	}
}

// CheckIn gives one back.
func (l Lender) CheckIn(ctx context.Context, c pam.Checkout) (engine.CheckInResult, error) {
	out, err := l.Client.CheckIn(ctx, c.ID)
	if err != nil {
		return engine.CheckInResult{Checkout: c}, err
	}
	return engine.CheckInResult{Checkout: Borrowed(l.Client, out)}, nil
}

// OnlyHere refuses a flag that needs the store itself.
func OnlyHere(flag string) error {
	return pam.Failf(pam.ErrUsage, "%s needs the store itself", flag).WithHint("an integration sees its own alone; leave %s out, or --server", flag)
}
