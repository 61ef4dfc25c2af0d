package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/vault"
)

// TestEmptyLotsOfLeasesAreDroppedInTheirTurn has lots of which all but lot 2 are empty.
// When lot 64 is whole, lots 1, 65, … are looked at; with the next, lots 2, 66, ….
func TestEmptyLotsOfLeasesAreDroppedInTheirTurn(t *testing.T) {
	t.Parallel()
	s := open(t, sqliteBackend().make(t))
	err := s.Script(t.Context(), `insert into lease_lots (lot) values (0), (1), (2), (63);
insert into lease_places (lot, word, n) values (2, 'aX', 2048);
insert into leases (n, id, credential_id, actor_key, exclusive, idempotency, due, state, ended, version, body)
values (65535, 'the last one of lot 63', 'c', 'X', 0, '', 1, 'returned', 1, 1, '{}')`)
	if err != nil {
		t.Fatal(err)
	}
	for turn, want := range [][]int64{{0, 1, 2, 63}, {0, 2, 63, 64}, {0, 2, 63, 64, 65}} {
		l := aLease("of the next lot", "c")
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			events := make([]audit.Event, 1100) // enough for a lot of events
			for n := range events {
				events[n] = anEvent(turn, audit.CheckoutIntent, "a")
			}
			for n := range 1024 {
				l.ID, l.Exclusive = fmt.Sprint("lease ", turn, " ", n, " 0123"), false
				if err := tx.AddLease(ctx, l); err != nil {
					return err
				}
			}
			return record(ctx, tx, events...)
		})
		if got, err := s.LeaseLots(t.Context()); err != nil || !slices.Equal(got, want) {
			t.Errorf("turn %d: %v %v, want %v", turn, got, err, want)
		}
	}
}
