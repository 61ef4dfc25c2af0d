package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// recalling is a store that is asked, what else changes it, and what is in it.
type recalling struct {
	*testing.T
	asked   *store.Store
	others  []*store.Store
	version int64 // of the only integration; 0: it is gone
	tokens  map[byte]bool
	leases  map[int]vault.Lease
}

func newRecalling(t *testing.T, b backend) *recalling {
	address := b.make(t)
	asked := open(t, address)
	r := &recalling{T: t, asked: asked, others: []*store.Store{asked, open(t, address)}, tokens: map[byte]bool{}, leases: map[int]vault.Lease{}}
	r.change(0)
	return r
}

// change makes one change through this store, or through one that stands for another
// process.
func (r *recalling) change(what int) {
	r.Helper()
	update(r.T, r.others[rand.IntN(len(r.others))], func(ctx context.Context, tx vault.Tx) error {
		n := rand.IntN(4)
		i := anIntegration(1, "backup")
		i.Version = r.version
		switch {
		case r.version == 0:
			r.version = 1
			i.Version = 1
			return tx.AddIntegration(ctx, i)
		case what == 0:
			r.version++
			return tx.ChangeIntegration(ctx, i)
		case what == 1:
			r.version = 0
			return tx.RemoveIntegration(ctx, i.ID, i.Version)
		case what < 5:
			return r.changeToken(ctx, tx, byte(n))
		}
		return r.changeLease(ctx, tx, n)
	})
}

func (r *recalling) changeToken(ctx context.Context, tx vault.Tx, n byte) error {
	r.tokens[n] = !r.tokens[n]
	if r.tokens[n] {
		return tx.AddToken(ctx, aToken(n, id(1), int(n)+1), edition(r.version))
	}
	return tx.RemoveToken(ctx, aToken(n, "", 0).Hash)
}

func leaseID(n int) string { return fmt.Sprintf("0123456789abcde%d", n) }

// changeLease adds a lease, ends it or opens it again.
func (r *recalling) changeLease(ctx context.Context, tx vault.Tx, n int) error {
	l, there := r.leases[n]
	if !there {
		l = aLease(leaseID(n), fmt.Sprint("c", n))
		l.Version = 1
		r.leases[n] = l
		return tx.AddLease(ctx, l)
	}
	before := l
	l.State, l.Ended, l.Version = vault.LeaseReturned, at(9), l.Version+1
	if before.State == vault.LeaseReturned {
		l.State, l.Ended = vault.LeaseOpen, time.Time{}
	}
	r.leases[n] = l
	l.Version--
	return tx.ChangeLease(ctx, l)
}

// look asks for every token with every lease, some of them at once.
func (r *recalling) look() {
	r.Helper()
	var wg sync.WaitGroup
	for token := range byte(4) {
		wg.Go(func() {
			for lease := range 4 {
				h, err := r.asked.Holding(r.Context(), vault.TokenHash{token, 0, 255}, leaseID(lease))
				if !r.tokens[token] || r.version == 0 {
					if !errors.Is(err, vault.ErrAbsent) {
						r.Errorf("token %d is gone: %v %v", token, h, err)
					}
					continue
				}
				if err != nil {
					r.Error(err)
				}
				same(r.T, h, vault.Holding{Token: aToken(token, id(1), int(token)+1), Edition: edition(r.version), Lease: r.leases[lease]})
			}
		})
	}
	wg.Wait()
}

// TestWhatIsRecalledIsWhatTheStoreHolds asks again and again between changes, by
// itself and by others, and compares with what was changed.
func TestWhatIsRecalledIsWhatTheStoreHolds(t *testing.T) {
	t.Parallel()
	for _, b := range backends(t) {
		t.Run(b.name, func(t *testing.T) {
			r := newRecalling(t, b)
			for step := 0; step < 150 && !t.Failed(); step++ {
				what := rand.IntN(9)
				r.change(what)
				for range 1 + rand.IntN(3) {
					r.look()
				}
				if t.Failed() {
					t.Logf("after step %d, a change of kind %d", step, what)
				}
			}
		})
	}
}

// TestAChangeOfAnotherProcessHoldsForTheNextQuestion has other processes change what
// was asked for just before.
func TestAChangeOfAnotherProcessHoldsForTheNextQuestion(t *testing.T) {
	t.Parallel()
	for _, b := range backends(t) {
		t.Run(b.name, func(t *testing.T) {
			address := b.make(t)
			s := open(t, address)
			i := anIntegration(1, "backup")
			i.Comment = "0"
			update(t, s, func(ctx context.Context, tx vault.Tx) error {
				return errors.Join(tx.AddIntegration(ctx, i), tx.AddToken(ctx, aToken(1, i.ID, 15), edition(1)))
			})
			for turn := range int64(3) {
				for range 20 {
					if h := heldNow(t, s, aToken(1, "", 0).Hash, ""); h.Edition != edition(1+2*turn) {
						t.Fatalf("edition %d, want %d", h.Edition, edition(1+2*turn))
					}
				}
				if err := worker(t.Context(), "edit 2", address).Run(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestManyWhoAskSeeEveryChangeThatIsDone has many ask while another store changes
// the integration and, last of all, removes the token: what was committed before
// a question was asked is in its answer.
func TestManyWhoAskSeeEveryChangeThatIsDone(t *testing.T) {
	t.Parallel()
	for _, b := range backends(t) {
		t.Run(b.name, func(t *testing.T) {
			r := newRecalling(t, b)
			token := aToken(1, id(1), 15)
			addToken(t, r.asked, token)
			var done, removed atomic.Int64
			done.Store(1)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for removed.Load() == 0 && !t.Failed() {
						before := done.Load()
						h, err := r.asked.Holding(t.Context(), token.Hash, "")
						if after := done.Load() + 1; err == nil && (h.Edition < edition(before) || h.Edition > edition(after)) || err != nil && !errors.Is(err, vault.ErrAbsent) {
							t.Errorf("version %d (%v), of %d to %d", h.Edition-edition(0), err, before, after)
						}
					}
					absent(t, r.asked, token.Hash)
				})
			}
			for range 100 {
				r.others = r.others[len(r.others)-1:]
				r.change(0)
				done.Store(r.version)
			}
			update(t, r.others[0], func(ctx context.Context, tx vault.Tx) error { return tx.RemoveToken(ctx, token.Hash) })
			removed.Store(1)
			wg.Wait()
		})
	}
}
