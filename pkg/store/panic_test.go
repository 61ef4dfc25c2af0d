package store_test

import (
	"context"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestAUnitThatPanicsLeavesTheChainWhole has one among many of one transaction, which
// panics after its event was linked.
func TestAUnitThatPanicsLeavesTheChainWhole(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteBackend().make(t))
	begun, wait := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		update(t, s, func(context.Context, vault.Tx) error {
			close(begun)
			<-wait
			return nil
		})
	})
	<-begun // the others come into one transaction after it
	const units = 60
	var handed sync.WaitGroup
	for n := range units {
		handed.Add(1)
		all.Go(func() {
			handed.Done()
			err := s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
				err := record(ctx, tx, anEvent(n, audit.CheckoutIntent, "a"))
				if n == units/2 {
					panic("a fault of the program")
				}
				return err
			})
			if (err != nil) != (n == units/2) {
				t.Errorf("unit %d: %v", n, err)
			}
		})
	}
	handed.Wait()
	close(wait)
	all.Wait()
	verify(t, s, units-1)
}

// TestTheEndOfTheChainIsReadAgainAfterAFailure: what became of a commit that failed is
// not known, and the version of the data does not tell of our own.
func TestTheEndOfTheChainIsReadAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	if !store.KnowsAfter(true) || store.KnowsAfter(false) {
		t.Errorf("known after a commit: %t, after a failure: %t", store.KnowsAfter(true), store.KnowsAfter(false))
	}
}
