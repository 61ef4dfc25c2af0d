package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

func collectCases() []suiteCase {
	return []suiteCase{{"an approval that comes back again and again is released once", caseAnApprovalThatComesBackIsReleasedOnce}}
}

// refuser is another service, which refuses some check-outs and releases the rest.
type refuser struct {
	engine.Source // what is not asked

	left atomic.Int64 // to be refused
}

func (r *refuser) Engine(context.Context, string) (*engine.Engine, error) {
	return &engine.Engine{Source: r, Clock: time.Now, Delegation: pam.Identity{Name: "svc"}}, nil
}

func (r *refuser) Stored(_ context.Context, _ pam.Identity, system string) ([]pam.Credential, error) {
	return []pam.Credential{{System: system, Account: "root"}}, nil
}

func (r *refuser) CheckOut(context.Context, pam.Identity, pam.Credential, string) (pam.Release, error) {
	if r.left.Add(-1) >= 0 {
		return pam.Release{}, pam.Failf(pam.ErrCheckedOut, "erin has it")
	}
	return pam.Release{Secret: secret.FromString("c4nary")}, nil
}

type oneKey struct{ seal.Key }

func (k oneKey) Current(context.Context) (vault.Key, error)      { return k.Key, nil }
func (k oneKey) Find(context.Context, string) (vault.Key, error) { return k.Key, nil }

// collection is an approved request that two services over one store collect.
type collection struct {
	*testing.T
	there    *refuser
	services []*vault.Service
	request  string
	released sync.Map // the ids of check-outs
	over     atomic.Bool
}

func (c *collection) out(n int, ask vault.Ask) error {
	session, err := c.services[n%len(c.services)].Session(ask)
	if err != nil {
		return err
	}
	e := &engine.Engine{Source: session, Journal: session, Clock: time.Now, NewID: vault.NewLeaseID}
	got, release, err := e.CheckOut(c.Context(), engine.CheckOutRequest{Credential: pam.Credential{System: "web01", Account: "root"}, For: time.Hour})
	if err != nil {
		return err
	}
	release.Secret.Wipe()
	lease, _ := session.Lease(got.ID)
	c.released.Store(lease.ID, true)
	c.over.Store(true)
	return nil
}

func newCollection(t *testing.T, s *store.Store, refusals int64) *collection {
	c := &collection{T: t, there: &refuser{}}
	c.there.left.Store(refusals)
	key := oneKey{seal.GenerateKey()}
	for range 2 {
		v, err := vault.Open(t.Context(), vault.Options{Store: s, Keys: key, Clock: time.Now, Upstreams: c.there})
		if err != nil {
			t.Fatal(err)
		}
		c.services = append(c.services, v)
	}
	root := vault.Actor{Kind: vault.ActorAdmin, Name: "root"}
	_, err1 := c.services[0].CreatePolicy(t.Context(), root, vault.PolicyEdit{Name: new("asks"), Needed: new(1), Exclusive: new(false)})
	_, err2 := c.services[0].CreateCredential(t.Context(), root, vault.CredentialEdit{
		System: new("web01"), Account: new("root"), Policy: new("asks"), Source: &vault.Source{Kind: vault.SourceRedIM, Profile: "default"},
	})
	if err := errors.Join(err1, err2, c.out(0, keyed())); !errors.Is(err, pam.ErrPending) {
		t.Fatal(err)
	}
	page, err := c.services[0].Requests(t.Context(), vault.RequestCriteria{}, "")
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	c.request = page.Items[0].ID
	if _, err := c.services[1].Decide(t.Context(), root, c.request, true, ""); err != nil {
		t.Fatal(err)
	}
	return c
}

func keyed() vault.Ask {
	return vault.Ask{Actor: vault.Actor{Kind: vault.ActorAdmin, Name: "alice"}, Key: "k", Digest: "d"}
}

// caseAnApprovalThatComesBackIsReleasedOnce has some collect by the request and
// some by the key, all at once, until one gets it.
func caseAnApprovalThatComesBackIsReleasedOnce(t *testing.T, s *store.Store) {
	const refusals = 12
	c := newCollection(t, s, refusals)
	var all sync.WaitGroup
	for n := range 6 {
		ask := keyed()
		if n%3 > 0 {
			ask = vault.Ask{Actor: ask.Actor, Request: c.request}
		}
		all.Go(func() {
			for range 500 {
				if c.over.Load() {
					return
				}
				err := c.out(n, ask)
				if err != nil && !errors.Is(err, pam.ErrCheckedOut) && !errors.Is(err, pam.ErrConflict) && !errors.Is(err, vault.ErrUncollected) {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	c.told(s, refusals)
}

// told holds the rows and the events against what was released.
func (c *collection) told(s *store.Store, refusals int) {
	var ids []string
	c.released.Range(func(id, _ any) bool { ids = append(ids, id.(string)); return true })
	view(c.T, s, func(ctx context.Context, r vault.Reader) error {
		request, err1 := r.Request(ctx, c.request)
		if len(ids) != 1 || request.State != vault.RequestCollected || request.Lease != ids[0] {
			c.Errorf("released as %v, the request is %s as %q", ids, request.State, request.Lease)
		}
		leases, err2 := r.Leases(ctx, vault.LeaseCriteria{Paging: vault.Paging{Limit: 100}})
		for _, l := range leases.Items {
			if (l.State == vault.LeaseOpen) != (l.ID == request.Lease) || l.RequestID != c.request {
				c.Errorf("%+v", l)
			}
		}
		events, err3 := r.Events(ctx, vault.EventCriteria{Kinds: []audit.Kind{audit.RequestReopened}, Paging: vault.Paging{Limit: 100}})
		if len(events.Items) != refusals || len(leases.Items) != refusals+1 {
			c.Errorf("%d times given back, %d leases", len(events.Items), len(leases.Items))
		}
		return errors.Join(err1, err2, err3)
	})
	if _, err := c.services[0].Verify(c.Context()); err != nil {
		c.Error(err)
	}
}
