package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestALeaseIsIssuedOnWhatSomebodyElseHasJustChanged changes at random what leases are
// decided on, through the store that issues them or through one that stands for another
// process, and issues leases on what is so now, and on what was so before.
func TestALeaseIsIssuedOnWhatSomebodyElseHasJustChanged(t *testing.T) {
	t.Parallel()
	for _, b := range backends(t) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			address := b.make(t)
			r := &deciding{T: t, issues: open(t, address), other: open(t, address)}
			r.on = issuable(t, r.issues, 1)
			several(t, r.issues, &r.on)
			r.on.Lease.Exclusive = false
			for turn := range 300 {
				r.issue(fmt.Sprint("now ", turn, " good "), nil)
				before := r.on
				r.change(turn%8, turn)
				r.issue(fmt.Sprint("now ", turn, " next "), nil)
				if before.On != r.on.On && r.on.On.Token == (vault.TokenHash{}) { // a new token takes nothing away
					now := r.on
					r.on = before
					r.issue(fmt.Sprint("was ", turn, " then "), vault.ErrStale)
					r.on = now
				}
			}
		})
	}
}

// deciding issues leases while the grounds of them change.
type deciding struct {
	*testing.T
	issues, other *store.Store
	on            vault.Issue
}

// issue issues one lease or several at once, all of which fare alike.
func (r *deciding) issue(name string, want error) {
	r.Helper()
	var wg sync.WaitGroup
	for n := range 1 + rand.IntN(4) {
		i := r.on
		i.Lease.ID, i.Lease.Key = fmt.Sprint(name, n, " 0123"), ""
		wg.Go(func() {
			if err := r.issues.Issue(r.Context(), i); !errors.Is(err, want) {
				r.Errorf("%s: got %v, want %v", i.Lease.ID, err, want)
			}
		})
	}
	wg.Wait()
}

func (r *deciding) change(what, turn int) {
	r.Helper()
	s := r.issues
	if rand.IntN(2) == 0 {
		s = r.other
	}
	update(r.T, s, func(ctx context.Context, tx vault.Tx) error {
		switch what {
		case 0:
			c, err := tx.Credential(ctx, r.on.Lease.CredentialID)
			r.on.On.Credential = edition(c.Version + 1)
			return errors.Join(err, tx.ChangeCredential(ctx, c))
		case 1:
			p, err := tx.Policy(ctx, r.on.On.PolicyID)
			r.on.On.Policy = edition(p.Version + 1)
			return errors.Join(err, tx.ChangePolicy(ctx, p))
		case 2:
			i, err := tx.Integration(ctx, r.on.Lease.Holder.ID)
			r.on.On.Integration = edition(i.Version + 1)
			return errors.Join(err, tx.ChangeIntegration(ctx, i))
		case 3: // a new token
			token := aToken(byte(turn), r.on.Lease.Holder.ID, 15)
			r.on.On.Token = token.Hash
			return tx.AddToken(ctx, token, r.on.On.Integration)
		case 4: // the token ends
			hash := r.on.On.Token
			r.on.On.Token = vault.TokenHash{}
			return tx.RemoveToken(ctx, hash)
		case 5:
			token := aToken(byte(turn), r.on.Lease.Holder.ID, 15)
			r.on.On.Token = token.Hash
			return tx.AddToken(ctx, token, r.on.On.Integration)
		case 6: // all tokens end
			r.on.On.Token = vault.TokenHash{}
			_, err := tx.RemoveTokens(ctx, at(30), 10)
			return err
		}
		return nil
	})
	if what == 7 {
		r.requested(s, turn)
	}
}

// requested has a request take an idempotency key that was free.
func (r *deciding) requested(s *store.Store, turn int) {
	r.Helper()
	i := r.on
	i.Lease.ID, i.Lease.Key = fmt.Sprint("asked ", turn, " 01234"), fmt.Sprint("asked ", turn)
	asks := aRequest(1000+turn, i.Lease.CredentialID)
	asks.Requester, asks.Key = i.Lease.Holder, i.Lease.Key
	update(r.T, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddRequest(ctx, asks) })
	if err := r.issues.Issue(r.Context(), i); !errors.Is(err, vault.ErrStale) {
		r.Errorf("turn %d: a request has the key: %v", turn, err)
	}
}

// TestACrowdThatAnotherProcessMakesKeepsExclusiveLeasesAway has another process make a
// policy one of a single holder while several have the credential.
func TestACrowdThatAnotherProcessMakesKeepsExclusiveLeasesAway(t *testing.T) {
	t.Parallel()
	for _, b := range backends(t) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			address := b.make(t)
			s, other := open(t, address), open(t, address)
			shared, another := issuable(t, s, 1), issuable(t, s, 2)
			several(t, s, &shared)
			shared.Lease.Exclusive = false
			for _, i := range []vault.Issue{shared, another} {
				if err := s.Issue(t.Context(), i); err != nil {
					t.Fatal(err)
				}
			}
			alone := shared
			update(t, other, func(ctx context.Context, tx vault.Tx) error {
				p, err := tx.Policy(ctx, alone.On.PolicyID)
				p.Exclusive, alone.On.Policy = true, edition(p.Version+1)
				return errors.Join(err, tx.ChangePolicy(ctx, p))
			})
			alone.Lease.ID, alone.Lease.Key, alone.Lease.Exclusive = "alone at last", "", true
			if err := s.Issue(t.Context(), alone); !errors.Is(err, vault.ErrStale) {
				t.Error(err)
			}
		})
	}
}
