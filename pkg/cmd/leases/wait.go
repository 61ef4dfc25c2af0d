package leases

import (
	"context"
	"time"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// approved waits until the caller's request for the credential is approved, and
// returns its id. pending is what the check-out said; it is returned when the
// time to wait is over.
func (o *CheckOutOptions) approved(ctx context.Context, v *vaultcli.Vault, pending error) (string, error) {
	id, err := o.request(ctx, v)
	if err != nil {
		return "", err
	}
	o.Handout.Say("waiting for approval of request %s; an approver says: %s requests approve %s", id, o.Handout.Command, id)
	over := time.NewTimer(o.Wait)
	defer over.Stop()
	tick := time.NewTicker(o.Poll)
	defer tick.Stop()
	for {
		r, err := v.Request(ctx, id)
		if err != nil {
			return "", err
		}
		switch r.State {
		case vault.RequestApproved:
			return id, nil
		case vault.RequestPending:
		default:
			return "", refused(r)
		}
		select {
		case <-ctx.Done():
			return "", pam.Failf(pam.ErrInterrupted, "interrupted while waiting; request %s stays", id).WithHint("withdraw it with: %s requests drop %s", o.Handout.Command, id)
		case <-over.C:
			return "", pending
		case <-tick.C:
		}
	}
}

// request finds the caller's pending request for the credential.
func (o *CheckOutOptions) request(ctx context.Context, v *vaultcli.Vault) (string, error) {
	c, err := v.Credential(ctx, o.Ref)
	if err != nil {
		return "", err
	}
	page, err := v.Requests(ctx, vault.RequestCriteria{
		States:       []vault.RequestState{vault.RequestPending, vault.RequestApproved},
		CredentialID: c.ID, Requester: &v.Actor, Paging: vault.Paging{Limit: 1},
	}, "")
	if err != nil {
		return "", err
	}
	if len(page.Items) == 0 {
		return "", pam.Failf(pam.ErrConflict, "the request for %s is gone", c.Ref()).WithHint("check out again")
	}
	return page.Items[0].ID, nil
}

// refused says who refused a request, or that nobody decided it.
func refused(r vault.Request) error {
	for _, d := range r.Decisions {
		if !d.Approve {
			return pam.Failf(pam.ErrDenied, "%s denied request %s for %s%s", d.By, r.ID, r.Credential, because(d.Comment)).WithHint("ask %s, then check out again", d.By)
		}
	}
	switch r.State {
	case vault.RequestRejected:
		return pam.Failf(pam.ErrDenied, "nobody decided request %s for %s in time", r.ID, r.Credential).WithHint("ask an approver, then check out again")
	case vault.RequestCollected:
		return pam.Failf(pam.ErrConflict, "request %s for %s was collected by another check-out, %s", r.ID, r.Credential, r.Lease).WithHint("see: checkouts")
	}
	return pam.Failf(pam.ErrDenied, "request %s for %s is %s", r.ID, r.Credential, r.State).WithHint("check out again to make a new one")
}

func because(comment string) string {
	if comment == "" {
		return ""
	}
	return ": " + comment
}
