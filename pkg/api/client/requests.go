package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// The states of a request.
const (
	RequestPending   = "pending"
	RequestApproved  = "approved"
	RequestRejected  = "rejected"
	RequestDropped   = "dropped"
	RequestCollected = "collected"
	RequestLapsed    = "lapsed"
)

// Request is a request for approval.
type Request struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	System   string    `json:"system"`
	Account  string    `json:"account"`
	Hours    float64   `json:"hours"`
	Needed   int       `json:"approvals_needed"`
	Given    int       `json:"approvals_given"`
	Made     time.Time `json:"made_at"`
	Until    time.Time `json:"expires_at"`
	Reason   string    `json:"reason"`
	Comment  string    `json:"comment"`
	Ticket   string    `json:"ticket"`
	Checkout string    `json:"checkout"` // collected: what it became
}

// over says how a request ended that is not to be collected.
func (r Request) over() error {
	if r.State == RequestCollected {
		return pam.Failf(pam.ErrConflict, "request %s was collected already, as checkout %s", r.ID, r.Checkout).WithHint("see: checkouts")
	}
	return pam.Failf(pam.ErrDenied, "request %s for %s/%s is %s", r.ID, r.System, r.Account, r.State).WithHint("ask an approver, then check out again")
}

// longestPoll is the longest that the server waits in one call.
const longestPoll = time.Minute

// The pace of asking again about a request.
const (
	breath    = time.Second     // after an answer that came too soon, or none
	maxOutage = 2 * time.Minute // of a server that does not answer
)

// Collect waits for the decision about a request, and checks out what was
// approved. ErrPending when the wait is over and nobody has decided. It outlasts a
// server that starts again meanwhile.
func (c *Client) Collect(ctx context.Context, id string, wait time.Duration) (Release, Request, error) {
	heard := c.Clock()
	for until := heard.Add(wait); ; {
		asked := c.Clock()
		piece := max(0, min(until.Sub(asked), longestPoll, c.Timeout-c.Timeout/5))
		out, r, err := c.poll(ctx, id, piece)
		at := c.Clock()
		pause := time.Duration(0)
		switch {
		case errors.Is(err, pam.ErrPending):
			heard = at
			if at.Sub(asked) < piece/2 {
				pause = breath
			}
		case errors.Is(err, pam.ErrUnreachable) && at.Sub(heard) < maxOutage:
			pause = breath
		default:
			return out, r, err
		}
		if !at.Add(pause).Before(until) || !rest(ctx, pause) {
			return out, r, err
		}
	}
}

// poll asks once, and leaves the server some time to answer.
func (c *Client) poll(ctx context.Context, id string, wait time.Duration) (Release, Request, error) {
	q := url.Values{"wait": {wait.Round(time.Millisecond).String()}}
	return c.released(ctx, ask{method: http.MethodGet, path: "/v1/requests/" + url.PathEscape(id) + "?" + q.Encode(), yields: true})
}

// rest reports whether the pause was not interrupted.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Request looks at one without collecting it.
func (c *Client) Request(ctx context.Context, id string) (out Request, err error) {
	return out, c.do(ctx, ask{method: http.MethodGet, path: "/v1/requests/" + url.PathEscape(id) + "?collect=no", repeat: true}, &out)
}

// Requests lists those of the integration. It collects nothing.
func (c *Client) Requests(ctx context.Context, p Paging) (Page[Request], error) {
	var page Page[Request]
	return page, c.do(ctx, ask{method: http.MethodGet, path: "/v1/requests" + p.query(url.Values{}), repeat: true}, &page)
}

// Drop withdraws a request.
func (c *Client) Drop(ctx context.Context, id string) (out Request, err error) {
	return out, c.do(ctx, ask{method: http.MethodPost, path: "/v1/requests/" + url.PathEscape(id) + "/drop"}, &out)
}
