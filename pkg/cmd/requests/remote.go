package requests

import (
	"context"
	"slices"
	"time"

	"github.com/redim-tools/redim/pkg/api/client"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/vault"
)

// recordOf is a request at a server in the words of the store. How many have
// approved is told there, and not who: their decisions are without a name.
func recordOf(c *client.Client, r client.Request) vault.Request {
	out := vault.Request{
		ID: r.ID, State: vault.RequestState(r.State), Credential: r.System + "/" + r.Account, Requester: vault.Actor{Kind: vault.ActorIntegration, Name: c.Integration},
		For: time.Duration(r.Hours * float64(time.Hour)), Reason: r.Reason, Comment: r.Comment, Ticket: r.Ticket, Needed: r.Needed, Until: r.Until, Lease: r.Checkout,
		Stamp: vault.Stamp{Created: r.Made},
	}
	for range r.Given {
		out.Decisions = append(out.Decisions, vault.Decision{Approve: true})
	}
	return out
}

// runListAt lists those of the integration at a server. What is not of a wanted
// state is left out of the page.
func runListAt(ctx context.Context, opts *ListOptions, c *client.Client, states []vault.RequestState) error {
	if opts.Credential != "" {
		return vaultcli.OnlyHere("--credential")
	}
	page, err := c.Requests(ctx, client.Paging{Limit: opts.Limit, Cursor: opts.Cursor})
	if err != nil {
		return err
	}
	var found []vault.Request
	for _, r := range page.Items {
		if state := vault.RequestState(r.State); states == nil || slices.Contains(states, state) {
			found = append(found, recordOf(c, r))
		}
	}
	return opts.write(found, page.Next)
}

func runDropAt(ctx context.Context, opts *DropOptions, c *client.Client) error {
	act := c.Drop
	if opts.DryRun {
		act = c.Request
	}
	found, err := act(ctx, opts.ID)
	if err != nil {
		return err
	}
	r := recordOf(c, found)
	opts.Say("%s request %s of %s for %s", opts.Verb("dropped", "drop"), r.ID, r.Requester.Name, r.Credential)
	return opts.show(r)
}
