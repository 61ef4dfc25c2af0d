package vault

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
)

var (
	_ engine.Source  = (*Session)(nil)
	_ engine.Journal = (*Session)(nil)
)

// Ask is what a caller says once for all that it does in a Session.
type Ask struct {
	Actor   Actor
	Profile string // of the check-outs that Open lists
	Reason  string // follows the integration's own
	Key     string // idempotency key of one check-out; empty: none
	Digest  string // of what is asked with the key: ErrKeyReused when it was another
	Request string // collect this approved request, and nothing else; empty: any that fits
	Lease   string // check in this lease; empty: the one that fits best
	All     bool   // Open lists those of everybody
	Known   Known  // how the caller was recognised, when nothing was asked of the store
	Later   bool   // leave to maintenance what follows a check-in: rotators, and a source that does not take it back
}

// Session is the vault as one caller sees it: the source of credentials for
// the engine, and the journal at once. The intent that the engine appends is
// held until the credential is asked for; then lease, intent and outcome are
// kept in one unit, so a check-out costs one sync and is never half recorded.
// It is safe for concurrent use.
type Session struct {
	service *Service
	ask     Ask

	mu      sync.Mutex
	intents []*pam.Checkout
	made    []made
	waits   map[string]Request
}

// made is what a check-out came to.
type made struct {
	checkout string
	lease    *Lease
}

// Session begins one. ErrUsage when a text of the ask can't be kept.
func (s *Service) Session(ask Ask) (*Session, error) {
	err := errors.Join(checkWords("reason", ask.Reason, maxWords), checkWords("idempotency key", ask.Key, maxPart), checkWords("digest", ask.Digest, maxPart),
		checkName("caller", ask.Actor.Name))
	return &Session{service: s, ask: ask}, err
}

// Append takes an intent. What follows it is kept by CheckOut and CheckIn
// themselves, so any other state is recorded already.
func (q *Session) Append(_ context.Context, c pam.Checkout) error {
	if c.State != pam.CheckoutIntended {
		return nil
	}
	if err := errors.Join(checkWords("comment", c.Comment, maxWords), checkWords("ticket", c.Ticket, maxTicket)); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	intent := c // not before: most others are not kept
	q.intents = append(q.intents, &intent)
	return nil
}

// take finds the intent of a check-out that the engine now asks for.
func (q *Session) take(as pam.Identity, c pam.Credential, comment string) *pam.Checkout {
	q.mu.Lock()
	defer q.mu.Unlock()
	for n, i := range q.intents {
		if i.Identity.Equal(as) && i.Credential.Same(c) && engine.WireComment(*i) == comment {
			q.intents = slices.Delete(q.intents, n, n+1)
			return i
		}
	}
	return &pam.Checkout{ID: q.service.newID(), Identity: as, Credential: c, Comment: comment, At: q.service.now()}
}

func (q *Session) keep(id string, l *Lease) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.made = append(q.made, made{id, l})
}

// Lease is the lease that a check-out of this session came to: another one than
// the check-out's own id says when its idempotency key had been used before.
func (q *Session) Lease(checkout string) (Lease, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range slices.Backward(q.made) {
		if m.checkout == checkout {
			return *m.lease, true
		}
	}
	return Lease{}, false
}

func (q *Session) keepWait(id string, r Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waits == nil {
		q.waits = map[string]Request{}
	}
	q.waits[id] = r
}

// Pending is the request that a check-out of this session waits for.
func (q *Session) Pending(checkout string) (Request, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r, ok := q.waits[checkout]
	return r, ok
}

// Open lists the open leases of the caller, oldest first.
func (q *Session) Open(ctx context.Context) ([]pam.Checkout, error) {
	c := LeaseCriteria{State: LeaseOpen, Holder: &q.ask.Actor, Paging: Paging{Limit: MaxPage}}
	if q.ask.All {
		c.Holder = nil
	}
	leases, err := view(ctx, q.service, func(ctx context.Context, r Reader) ([]Lease, error) {
		return collect(100*MaxPage, func(after Cursor) (Page[Lease], error) {
			c.After = after
			return r.Leases(ctx, c)
		})
	})
	out := make([]pam.Checkout, 0, len(leases))
	for _, l := range leases {
		out = append(out, l.Checkout(q.ask.Profile))
	}
	return out, err
}

// Checkout is the lease as the engine and the command line know it.
func (l Lease) Checkout(profile string) pam.Checkout {
	system, account, _ := strings.Cut(l.Credential, "/")
	c := pam.Checkout{
		ID: l.ID, Profile: profile, Identity: pam.Identity{Name: l.Holder.Name}, Comment: l.Comment, Ticket: l.Ticket,
		Credential: pam.Credential{System: system, Account: account}, At: l.At, Due: l.Due, State: pam.CheckoutOpen,
	}
	if l.State != LeaseOpen {
		c.State = pam.CheckoutCheckedIn
	}
	return c
}

// Stored lists what the caller may have for one system: the system's own
// credentials, and those that it is an endpoint of.
func (q *Session) Stored(ctx context.Context, _ pam.Identity, system string) ([]pam.Credential, error) {
	return q.list(ctx, CredentialCriteria{For: Fold(system)}, pam.Credential{})
}

// sharedList is the one list of credentials that are for every endpoint.
const sharedList = "shared"

// SharedLists names the one list there is.
func (q *Session) SharedLists(context.Context, pam.Identity) ([]string, error) {
	return []string{sharedList}, nil
}

// SharedEntries lists the credentials that are for every endpoint.
func (q *Session) SharedEntries(ctx context.Context, _ pam.Identity, list string) ([]pam.Credential, error) {
	if Fold(list) != sharedList {
		return nil, pam.Failf(pam.ErrNotFound, "there is no shared list %q", list).WithHint("the vault has one, called %s", sharedList)
	}
	return q.list(ctx, CredentialCriteria{Access: AccessShared}, pam.Credential{Kind: pam.KindShared, List: sharedList})
}

// list describes one page of credentials, with who holds them.
func (q *Session) list(ctx context.Context, c CredentialCriteria, as pam.Credential) ([]pam.Credential, error) {
	c.Limit = MaxPage
	return view(ctx, q.service, func(ctx context.Context, r Reader) ([]pam.Credential, error) {
		if q.ask.Actor.Kind == ActorIntegration {
			i, err := r.Integration(ctx, q.ask.Actor.ID)
			if err != nil || !i.Active || len(i.Grants) == 0 {
				return nil, found(err, "integration", q.ask.Actor.Name, "integrations search")
			}
			c.Grants = i.Grants
		}
		page, err := r.Credentials(ctx, c)
		if err != nil {
			return nil, err
		}
		out := make([]pam.Credential, 0, len(page.Items))
		for _, item := range page.Items {
			described, err := q.describe(ctx, r, item, as)
			if err != nil {
				return nil, err
			}
			out = append(out, described)
		}
		return out, nil
	})
}

func (q *Session) describe(ctx context.Context, r Reader, c Credential, as pam.Credential) (pam.Credential, error) {
	as.System, as.Account, as.LastChanged = c.System, c.Account, c.Changed
	policy, err := policyFor(ctx, r, c)
	if err != nil || !policy.Exclusive {
		return as, err
	}
	open, err := openLeases(ctx, r, c.ID, q.service.now())
	if len(open) > 0 && !open[0].Holder.Same(q.ask.Actor) {
		as.CheckedOutBy = open[0].Holder.Name
	}
	return as, err
}

// openLeases lists the leases of a credential that hold now, oldest first.
func openLeases(ctx context.Context, r LeaseReader, credentialID string, now time.Time) ([]Lease, error) {
	page, err := r.Leases(ctx, LeaseCriteria{State: LeaseOpen, CredentialID: credentialID, Paging: Paging{Limit: MaxPage}})
	return slices.DeleteFunc(page.Items, func(l Lease) bool { return !now.Before(l.Due) }), err
}

func policyFor(ctx context.Context, r PolicyReader, c Credential) (Policy, error) {
	if c.PolicyID == "" {
		return builtinPolicy(), nil
	}
	p, err := r.Policy(ctx, c.PolicyID)
	return p, found(err, "policy", c.PolicyID, "policies list")
}

// SystemName finds nothing: the vault knows systems by name only.
func (q *Session) SystemName(_ context.Context, _ pam.Identity, ip netip.Addr) (string, error) {
	return "", pam.Failf(pam.ErrNotFound, "the vault knows no system at %s", ip).WithHint("give the name that its credentials have as their system")
}

func noJobs() error {
	return pam.Failf(pam.ErrSpinNotPermitted, "the vault has no password-change jobs").WithHint("let the policy of the credential name a rotator")
}

// Read fails: what is the vault's own is had by a checkout only.
func (q *Session) Read(_ context.Context, _ pam.Identity, c pam.Credential) (pam.Release, error) {
	return pam.Release{}, pam.Failf(pam.ErrDenied, "%s can't be read without a checkout", c.Ref()).WithHint("check it out")
}

// JobSettings fails: the vault rotates by the rotator of a policy.
func (q *Session) JobSettings(context.Context, pam.Identity, int64) (json.RawMessage, error) {
	return nil, noJobs()
}

// CreatePasswordJob fails as JobSettings does.
func (q *Session) CreatePasswordJob(context.Context, pam.Identity, json.RawMessage) (int64, error) {
	return 0, noJobs()
}

// SetJobComment fails as JobSettings does.
func (q *Session) SetJobComment(context.Context, pam.Identity, int64, string) error { return noJobs() }

// JobStatus fails as JobSettings does.
func (q *Session) JobStatus(context.Context, pam.Identity, int64) (pam.Job, error) {
	return pam.Job{}, noJobs()
}
