package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Page is one part of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"` // cursor of the next part; empty: this was the last
}

// UnmarshalJSON refuses what is no list, so that it is not taken for an empty one.
func (p *Page[T]) UnmarshalJSON(text []byte) error {
	var with struct {
		Items *[]T   `json:"items"`
		Next  string `json:"next"`
	}
	if err := json.Unmarshal(text, &with); err != nil {
		return err
	}
	if with.Items == nil {
		return errors.New("there is no list in it")
	}
	p.Items, p.Next = *with.Items, with.Next
	return nil
}

// Paging says which part of a list is wanted.
type Paging struct {
	Limit  int    // 0 leaves it to the server
	Cursor string // Next of the part before
}

func (p Paging) query(q url.Values) string {
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	if p.Cursor != "" {
		q.Set("cursor", p.Cursor)
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// Credential is what may be checked out.
type Credential struct {
	System      string  `json:"system"`
	Account     string  `json:"account"`
	Kind        string  `json:"kind"`
	Description string  `json:"description"`
	Approval    bool    `json:"approval"`
	Hours       float64 `json:"max_hours"`
}

// Credentials lists what the integration may check out. System and account may
// hold stars; empty, they fit all.
func (c *Client) Credentials(ctx context.Context, system, account string, p Paging) (Page[Credential], error) {
	q := url.Values{}
	for name, value := range map[string]string{"system": system, "account": account} {
		if value != "" {
			q.Set(name, value)
		}
	}
	var page Page[Credential]
	return page, c.do(ctx, ask{method: http.MethodGet, path: "/v1/credentials" + p.query(q), repeat: true}, &page)
}

// Checkout is a check-out, without its secret.
type Checkout struct {
	ID      string    `json:"id"`
	State   string    `json:"state"` // open, returned or expired
	System  string    `json:"system"`
	Account string    `json:"account"`
	Version int64     `json:"secret_version"`
	Since   time.Time `json:"checked_out_at"`
	Due     time.Time `json:"expires_at"`
	Ended   time.Time `json:"ended_at"` // zero while it is open
	Reason  string    `json:"reason"`
	Comment string    `json:"comment"`
	Ticket  string    `json:"ticket"`
	Request string    `json:"request"` // the approved request that it was collected with
}

// Release is a check-out with its secret.
type Release struct {
	Checkout
	Secret secret.Value
}

// UnmarshalJSON reads the secret as its encoding says.
func (r *Release) UnmarshalJSON(text []byte) error {
	var with struct {
		Secret   *secret.Value `json:"secret"`
		Encoding string        `json:"encoding"`
	}
	if err := errors.Join(json.Unmarshal(text, &r.Checkout), json.Unmarshal(text, &with)); err != nil {
		return err
	}
	if r.ID == "" || with.Secret == nil {
		return errors.New("there is no secret of a check-out in it")
	}
	switch with.Encoding {
	case "utf-8":
		r.Secret = *with.Secret
		return nil
	case "base64":
		defer with.Secret.Wipe()
		return with.Secret.Reveal(func(b []byte) error {
			plain := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
			n, err := base64.StdEncoding.Decode(plain, b)
			r.Secret = secret.New(plain[:n])
			return err
		})
	}
	return errors.New("the encoding of the secret is not known")
}

// Ask is what is wanted, and why.
type Ask struct {
	System, Account string
	For             time.Duration // 0: as long as is allowed
	Reason          string
	Comment         string
	Ticket          string
	// Key is the idempotency key: with the same key and the rest unchanged the
	// check-out is the same, however often it is asked for. Empty: a new one.
	Key string
}

// body leaves out what is not said.
func (a Ask) body() map[string]any {
	body := map[string]any{"system": a.System, "account": a.Account}
	if a.For > 0 {
		body["hours"] = a.For.Hours()
	}
	for name, text := range map[string]string{"reason": a.Reason, "comment": a.Comment, "ticket": a.Ticket} {
		if text != "" {
			body[name] = text
		}
	}
	return body
}

// NewKey makes an idempotency key: a UUID of version 7 (RFC 9562), which begins with
// the time. Keys of one time then stand together in the store's index, and what is
// written at once changes few of its pages.
func NewKey() string { return uuid.Must(uuid.NewV7()).String() }

// CheckOut checks a credential out. ErrPending when somebody has to approve first:
// then the request is returned beside it, for Collect. A failure that is also
// ErrUncertain may be asked again with the same key.
func (c *Client) CheckOut(ctx context.Context, a Ask) (Release, Request, error) {
	if a.Key == "" {
		a.Key = NewKey()
	}
	what := ask{method: http.MethodPost, path: "/v1/checkouts", body: a.body(), key: a.Key, repeat: true, yields: true}
	out, r, err := c.released(ctx, what)
	if errors.Is(err, errBrokenOff) && !errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return c.released(ctx, what)
	}
	return out, r, err
}

// CheckOutWithin checks a credential out, and waits for the approval if one is
// needed. When an answer is lost it asks again, so that what was released to nobody
// is released to the caller.
func (c *Client) CheckOutWithin(ctx context.Context, a Ask, wait time.Duration) (Release, Request, error) {
	if a.Key == "" {
		a.Key = NewKey()
	}
	out, r, err := c.CheckOut(ctx, a)
	if wait <= 0 || !errors.Is(err, pam.ErrPending) {
		return out, r, err
	}
	id := r.ID
	out, r, err = c.Collect(ctx, id, wait)
	lost := errors.Is(err, pam.ErrUncertain) || r.State == RequestCollected // by a call of ours whose answer nobody got
	if lost && ctx.Err() == nil {
		return c.CheckOut(ctx, a)
	}
	return out, r, err
}

// released reads an answer that may hold a secret.
func (c *Client) released(ctx context.Context, a ask) (out Release, waits Request, err error) {
	got := answer{of: func(status int) any {
		if status == http.StatusCreated {
			return &out
		}
		return &waits
	}}
	if err := c.do(ctx, a, &got); err != nil {
		return out, waits, err
	}
	switch {
	case got.status == http.StatusCreated:
		return out, waits, nil
	case waits.ID == "" || waits.State == "":
		return out, waits, pam.Failf(pam.ErrProtocol, "the answer %d of %s is neither a check-out nor a request", got.status, c.Server.Host).
			WithHint("look whether the setting server is the address of vault serve, and not of something before it").Uncertain()
	case waits.State == RequestPending:
		return out, waits, pam.Failf(pam.ErrPending, "%s/%s needs %d approvals; request %s waits until %s", waits.System, waits.Account, waits.Needed, waits.ID, waits.Until.UTC().Format(time.RFC3339)).
			WithHint("an approver of the vault says: requests approve %s", waits.ID)
	}
	return out, waits, waits.over()
}

// Checkouts lists those of the integration: the open ones, or all.
func (c *Client) Checkouts(ctx context.Context, all bool, p Paging) (Page[Checkout], error) {
	q := url.Values{}
	if all {
		q.Set("state", "all")
	}
	var page Page[Checkout]
	return page, c.do(ctx, ask{method: http.MethodGet, path: "/v1/checkouts" + p.query(q), repeat: true}, &page)
}

// Checkout finds one by its id.
func (c *Client) Checkout(ctx context.Context, id string) (out Checkout, err error) {
	return out, c.do(ctx, ask{method: http.MethodGet, path: "/v1/checkouts/" + url.PathEscape(id), repeat: true}, &out)
}

// CheckIn gives one back. One that is over already stays as it is.
func (c *Client) CheckIn(ctx context.Context, id string) (out Checkout, err error) {
	return out, c.do(ctx, ask{method: http.MethodPost, path: "/v1/checkouts/" + url.PathEscape(id) + "/checkin", repeat: true}, &out)
}

// Extend makes one last for hold in all, from its beginning.
func (c *Client) Extend(ctx context.Context, id string, hold time.Duration) (out Checkout, err error) {
	body := map[string]any{"hours": hold.Hours()}
	return out, c.do(ctx, ask{method: http.MethodPost, path: "/v1/checkouts/" + url.PathEscape(id) + "/extend", body: body, repeat: true}, &out)
}
