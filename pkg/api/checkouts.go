package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/jsontext"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// asked is the body of a check-out. Its JSON is what an idempotency key stands for.
type asked struct {
	System  string      `json:"system"`
	Account string      `json:"account"`
	Hours   json.Number `json:"hours,omitempty"`
	Reason  string      `json:"reason,omitempty"`
	Comment string      `json:"comment,omitempty"`
	Ticket  string      `json:"ticket,omitempty"`
}

// digest is equal for bodies that ask for the same.
func (q asked) digest() string {
	text, plain := q.appendJSON(make([]byte, 0, 512))
	if !plain {
		text, _ = json.Marshal(q) // texts always marshal
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// appendJSON adds what json.Marshal would. False: it would not, for there is something
// to escape.
func (q asked) appendJSON(to []byte) ([]byte, bool) {
	plain := true
	for _, m := range [...]struct {
		begin, text, end string
		always           bool
	}{
		{`{"system":"`, q.System, `"`, true}, {`,"account":"`, q.Account, `"`, true}, {`,"hours":`, q.Hours.String(), ``, false},
		{`,"reason":"`, q.Reason, `"`, false}, {`,"comment":"`, q.Comment, `"`, false}, {`,"ticket":"`, q.Ticket, `"`, false},
	} {
		if m.always || m.text != "" {
			plain = plain && jsontext.IsPlain(m.text) && !strings.ContainsAny(m.text, "<>&")
			to = append(append(append(to, m.begin...), m.text...), m.end...)
		}
	}
	return append(to, '}'), plain
}

func (c *call) asked() (asked, engine.CheckOutRequest, error) {
	var q asked
	err := c.body(members{
		{name: "system", into: &q.System}, {name: "account", into: &q.Account}, {name: "hours", into: &q.Hours},
		{name: "reason", into: &q.Reason}, {name: "comment", into: &q.Comment}, {name: "ticket", into: &q.Ticket},
	}, "system", "account")
	req := engine.CheckOutRequest{Identity: pam.Identity{Name: c.who.Name}, Comment: q.Comment, Ticket: q.Ticket}
	if err != nil {
		return q, req, err
	}
	if req.For, err = hoursOf(q.Hours); err != nil {
		return q, req, err
	}
	system, account, err := vault.ParseRef(q.System + "/" + q.Account)
	if err == nil && (system != q.System || account != q.Account) {
		err = errInvalid.with("system and account are names, system without a slash")
	}
	req.Credential = pam.Credential{System: system, Account: account}
	return q, req, err
}

func hoursOf(n json.Number) (time.Duration, error) {
	if n == "" {
		return 0, nil
	}
	return vault.ParseHours(n.String())
}

// checkOut checks a credential out: 201 with the secret, or 202 with the request
// that has to be approved first.
func (a *API) checkOut(c *call) error {
	key, err := c.idempotencyKey()
	if err != nil {
		return err
	}
	q, req, err := c.asked()
	if err != nil {
		return err
	}
	ask := vault.Ask{Reason: q.Reason, Key: key}
	if key != "" {
		ask.Digest = q.digest()
	}
	return c.release(ask, req)
}

// release checks out for the caller.
func (c *call) release(ask vault.Ask, req engine.CheckOutRequest) error {
	return c.surely(func(known vault.Known) error {
		ask.Actor, ask.Known = c.actor(), known
		return c.releaseOnce(ask, req)
	})
}

// tries is how often a caller is authenticated whose integration changes meanwhile.
const tries = 3

// surely does something for the caller, who is authenticated anew when its
// integration is not any more what it was; then nothing was done.
func (c *call) surely(do func(vault.Known) error) error {
	for range tries {
		if err := do(c.known); !errors.Is(err, vault.ErrUnsure) {
			return err
		}
		if err := c.confirm(); err != nil {
			return err
		}
	}
	return pam.Failf(pam.ErrConflict, "the integration changes again and again").WithHint("try again in a moment")
}

// releaseOnce goes through the engine once, and hands over what comes of it.
func (c *call) releaseOnce(ask vault.Ask, req engine.CheckOutRequest) error {
	session, err := c.api.Vault.Session(ask)
	if err != nil {
		return err
	}
	ctx, cancel := c.lasting()
	defer cancel()
	checkout, release, err := c.api.engine(session).CheckOut(ctx, req)
	defer release.Secret.Wipe()
	if errors.Is(err, pam.ErrPending) {
		r, _ := session.Pending(checkout.ID)
		return c.waiting(r)
	}
	if err != nil {
		return hidden(err)
	}
	lease, _ := session.Lease(checkout.ID)
	c.see("checkout", lease.ID)
	c.w.Header()["Location"] = []string{"/v1/checkouts/" + lease.ID}
	c.withSecret(http.StatusCreated, newCheckoutDoc(lease).marshal(), "secret", release.Secret)
	return nil
}

func (a *API) engine(s *vault.Session) *engine.Engine {
	return &engine.Engine{Source: s, Journal: s, Clock: a.Clock, NewID: vault.NewLeaseID}
}

// hidden makes a credential that there is not look like one that is not granted.
func hidden(err error) error {
	if f, ok := errors.AsType[*pam.Failure](err); ok && f.Class == pam.ErrNotFound {
		return pam.Failf(pam.ErrDenied, "%w", err)
	}
	return err
}

// checkouts lists those of the caller, the open ones unless it asks for all.
func (a *API) checkouts(c *call) error {
	q, err := c.query("state", "limit", "cursor")
	if err != nil {
		return err
	}
	criteria := vault.LeaseCriteria{Holder: c.holder()}
	switch q["state"] {
	case "", "open":
		criteria.State = vault.LeaseOpen
	case "all":
	default:
		return errInvalid.with("state takes open or all")
	}
	if criteria.Paging, err = pageOf(q); err != nil {
		return err
	}
	page, err := a.Vault.Leases(c.r.Context(), criteria, q["cursor"])
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, listOf(page, newCheckoutDoc))
}

// checkout shows one of the caller's.
func (a *API) checkout(c *call) error {
	if _, err := c.query(); err != nil {
		return err
	}
	l, err := c.mine()
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, newCheckoutDoc(l))
}

// mine is the lease that the path names, when it is the caller's.
func (c *call) mine() (vault.Lease, error) {
	if c.lease.ID == "" || !c.lease.Holder.Same(c.actor()) {
		return vault.Lease{}, errNotFound
	}
	return *c.lease, nil
}

// checkIn gives one back. One that is over already stays as it is.
func (a *API) checkIn(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	ctx, cancel := c.lasting()
	defer cancel()
	l, err := c.mine()
	if err != nil {
		return err
	}
	if l.State == vault.LeaseOpen {
		session, err := a.Vault.Session(vault.Ask{Actor: c.actor(), Lease: l.ID, Later: true})
		if err != nil {
			return err
		}
		if _, err := a.engine(session).CheckIn(ctx, l.Checkout("")); err != nil {
			return err
		}
		if l, err = a.Vault.Lease(ctx, l.ID); err != nil {
			return err
		}
	}
	return c.answer(http.StatusOK, newCheckoutDoc(l))
}

// extend makes one last longer. The hours count from its beginning.
func (a *API) extend(c *call) error {
	var n json.Number
	if err := c.body(members{{name: "hours", into: &n}}, "hours"); err != nil {
		return err
	}
	hold, err := hoursOf(n)
	if err != nil {
		return err
	}
	ctx, cancel := c.lasting()
	defer cancel()
	l, err := c.mine()
	if err != nil {
		return err
	}
	if l.State != vault.LeaseOpen {
		return errConflict.with("checkout " + l.ID + " is over")
	}
	if !l.Due.Equal(l.At.Add(hold)) { // else it was said before
		id := l.ID
		err := c.surely(func(known vault.Known) error {
			session, err := a.Vault.Session(vault.Ask{Actor: c.actor(), Known: known})
			if err == nil {
				l, err = session.Extend(ctx, id, hold)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return c.answer(http.StatusOK, newCheckoutDoc(l))
}
