package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// requestDoc is a request for approval.
type requestDoc struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	System   string    `json:"system"`
	Account  string    `json:"account"`
	Hours    float64   `json:"hours"`
	Needed   int       `json:"approvals_needed"`
	Given    int       `json:"approvals_given"`
	Made     time.Time `json:"made_at"`
	Until    time.Time `json:"expires_at"` // of the wait for a decision; once approved, for it to be collected
	Reason   string    `json:"reason,omitempty"`
	Comment  string    `json:"comment,omitempty"`
	Ticket   string    `json:"ticket,omitempty"`
	Checkout string    `json:"checkout,omitempty"` // collected: that it became
}

func newRequestDoc(r vault.Request) requestDoc {
	c := vault.Lease{Credential: r.Credential}.Checkout("").Credential
	doc := requestDoc{
		ID: r.ID, State: string(r.State), System: c.System, Account: c.Account, Hours: r.For.Hours(), Needed: r.Needed,
		Made: r.Created, Until: r.Until, Reason: r.Reason, Comment: r.Comment, Ticket: r.Ticket, Checkout: r.Lease,
	}
	for _, d := range r.Decisions {
		if d.Approve {
			doc.Given++
		}
	}
	return doc
}

// longestWait bounds a long poll.
const longestWait = time.Minute

// waiting answers that an approval is needed first.
func (c *call) waiting(r vault.Request) error {
	c.see("request", r.ID)
	c.w.Header().Set("Location", "/v1/requests/"+r.ID)
	c.w.Header().Set("Retry-After", "1")
	return c.answer(http.StatusAccepted, newRequestDoc(r))
}

// requests lists those of the caller. It collects nothing.
func (a *API) requests(c *call) error {
	q, err := c.query("limit", "cursor")
	if err != nil {
		return err
	}
	criteria := vault.RequestCriteria{Requester: c.holder()}
	if criteria.Paging, err = pageOf(q); err != nil {
		return err
	}
	page, err := a.Vault.Requests(c.r.Context(), criteria, q["cursor"])
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, listOf(page, newRequestDoc))
}

// request waits for a decision and collects the check-out: 201 with the secret
// once, 202 while nobody has decided, 200 for what is over. With collect=no it
// only looks.
func (a *API) request(c *call) error {
	q, err := c.query("wait", "collect")
	if err != nil {
		return err
	}
	wait, err := waitOf(q["wait"])
	if err != nil {
		return err
	}
	if text := q["collect"]; text != "" && text != "yes" && text != "no" {
		return errInvalid.with("collect takes yes or no")
	}
	r, err := c.decided(wait)
	if err != nil {
		return err
	}
	if c.waited > 0 && c.r.Context().Err() == nil {
		if err := c.confirm(); err != nil {
			return err // the token has ended while it waited
		}
	}
	switch {
	case r.State == vault.RequestPending:
		return c.waiting(r)
	case r.State == vault.RequestApproved && q["collect"] != "no":
		return c.collect(r)
	}
	return c.answer(http.StatusOK, newRequestDoc(r))
}

func waitOf(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 || wait > longestWait {
		return 0, errInvalid.with("wait takes a duration of at most 60s, such as 30s")
	}
	return wait, nil
}

// own is the caller's request that the path names.
func (c *call) own(ctx context.Context) (vault.Request, error) {
	r, err := c.api.Vault.Request(ctx, c.r.PathValue("id"))
	if err == nil && !r.Requester.Same(c.actor()) {
		return vault.Request{}, errNotFound
	}
	return r, err
}

// decided waits until the request is not pending, the wait is over, the caller
// has gone or the server stops; and returns the request as it is then.
func (c *call) decided(wait time.Duration) (vault.Request, error) {
	r, err := c.own(c.r.Context())
	if err != nil || r.State != vault.RequestPending || wait == 0 {
		return r, err
	}
	change, cancel := c.api.waits.join(r.ID)
	defer cancel()
	if r, err = c.own(c.r.Context()); err != nil || r.State != vault.RequestPending {
		return r, err // decided before anybody looked
	}
	c.patience(wait)
	over := time.NewTimer(wait)
	defer over.Stop()
	began := started()
	defer func() { c.waited = started().Sub(began) }()
	select {
	case <-change:
	case <-over.C:
	case <-c.api.stopping:
	case <-c.r.Context().Done():
		return r, nil // nobody reads the answer, and nothing must be collected
	}
	return c.own(c.r.Context())
}

// collect checks out what was approved.
func (c *call) collect(r vault.Request) error {
	if c.r.Context().Err() != nil {
		return c.waiting(r)
	}
	credential, err := c.api.Vault.Credential(c.r.Context(), r.CredentialID)
	if err != nil {
		return hidden(err)
	}
	err = c.release(vault.Ask{Request: r.ID}, engine.CheckOutRequest{
		Identity: pam.Identity{Name: c.who.Name}, Credential: pam.Credential{System: credential.System, Account: credential.Account}, Ticket: r.Ticket,
	})
	if err == nil || c.status != 0 || c.who == nil { // nobody any more: the token has ended meanwhile
		return err
	}
	// Another call may have collected it meanwhile, and that may have come to nothing.
	again, e := c.own(c.r.Context())
	switch {
	case e == nil && again.State != vault.RequestApproved:
		return c.answer(http.StatusOK, newRequestDoc(again))
	case e == nil && errors.Is(err, vault.ErrUncollected):
		return errConflict.with("another call was collecting request " + r.ID + ", and got nothing; ask again")
	}
	return err
}

// drop withdraws a request.
func (a *API) drop(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	ctx, cancel := c.lasting()
	defer cancel()
	if _, err := c.own(ctx); err != nil {
		return err
	}
	r, err := a.Vault.Drop(ctx, c.actor(), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, newRequestDoc(r))
}
