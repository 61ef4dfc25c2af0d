package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

// verify checks the chains against their heads, and how many records there are.
func verify(t *testing.T, s *store.Store, records uint64) {
	t.Helper()
	report, err := verified(s)
	if err != nil || report.Records != records {
		t.Fatalf("%d records, want %d: %v", report.Records, records, err)
	}
}

func verified(s *store.Store) (report audit.Report, err error) {
	err = s.View(context.Background(), func(ctx context.Context, r vault.Reader) error {
		heads, err := r.Heads(ctx)
		if err != nil {
			return err
		}
		for _, h := range heads {
			if !h.Sealed([]byte("key")) {
				return fmt.Errorf("the head of %s has another seal", h.Chain)
			}
		}
		report, err = audit.Verifier{Heads: append([]audit.Head{}, heads...)}.Verify(r.Records(ctx))
		return err
	})
	return report, err
}

func eventCases() []suiteCase {
	return []suiteCase{
		{"events of many writers form whole chains", func(t *testing.T, s *store.Store) {
			var wg sync.WaitGroup
			for w := range 8 {
				wg.Go(func() {
					for i := range 25 {
						err := s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
							if err := record(ctx, tx, anEvent(i, audit.CheckoutIntent, "a"), anEvent(i, audit.CheckoutOutcome, "a")); err != nil {
								return err
							}
							if i%5 == w%5 {
								return errSkip
							}
							return nil
						})
						if err != nil && !errors.Is(err, errSkip) {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			verify(t, s, 8*20*2)
		}},
		{"events are found by every criterion", func(t *testing.T, s *store.Store) {
			update(t, s, func(ctx context.Context, tx vault.Tx) error {
				other := anEvent(5, audit.PolicyChanged, "")
				other.IntegrationID, other.Credential, other.Lease, other.Released, other.Actor = "", "", "", "", "Bob"
				return record(ctx, tx, anEvent(1, audit.CheckoutIntent, "Backup"), anEvent(2, audit.CheckoutOutcome, "BACKUP"), anEvent(3, audit.ApprovalSkipped, "Backup2"), other)
			})
			for name, c := range map[string]struct {
				vault.EventCriteria
				want string
			}{
				"all":                  {vault.EventCriteria{}, "4321"},
				"oldest first":         {vault.EventCriteria{OldestFirst: true}, "1234"},
				"since":                {vault.EventCriteria{Since: at(2)}, "432"},
				"until":                {vault.EventCriteria{Until: at(2)}, "1"},
				"integration":          {vault.EventCriteria{Integration: "backup"}, "21"},
				"integration id":       {vault.EventCriteria{IntegrationID: id(1)}, "321"},
				"credential":           {vault.EventCriteria{Credential: "web01/root"}, "321"},
				"credential pattern":   {vault.EventCriteria{Credential: "web*/r*"}, "321"},
				"no such credential":   {vault.EventCriteria{Credential: "*web"}, ""},
				"rare kind":            {vault.EventCriteria{Kinds: []audit.Kind{audit.ApprovalSkipped, audit.PolicyChanged}}, "43"},
				"rare and common kind": {vault.EventCriteria{Kinds: []audit.Kind{audit.ApprovalSkipped, audit.CheckoutIntent}}, "31"},
				"actor":                {vault.EventCriteria{Actor: "bob"}, "4"},
				"lease":                {vault.EventCriteria{Lease: "a1b2c3d4"}, "321"},
				"released":             {vault.EventCriteria{Released: "keyed", OldestFirst: true}, "123"},
			} {
				for _, limit := range []int{1, 2, 10} {
					got := ""
					for _, r := range allEvents(t, s, c.EventCriteria, limit) {
						got += fmt.Sprint(r.Seq)
					}
					if got != c.want {
						t.Errorf("%s by %d: %s, want %s", name, limit, got, c.want)
					}
				}
			}
		}},
		{"events that were not linked to the head are refused", func(t *testing.T, s *store.Store) {
			err := s.Update(t.Context(), func(ctx context.Context, tx vault.Tx) error {
				head, err := tx.Head(ctx)
				if err != nil {
					return err
				}
				_, head = head.Link(anEvent(1, "x", "a"))
				r, head := head.Link(anEvent(1, "x", "a"))
				return tx.AddRecords(ctx, []audit.Record{r}, head)
			})
			if err == nil {
				t.Error("they were taken")
			}
			verify(t, s, 0)
		}},
		{"checkpoints come back as they were", func(t *testing.T, s *store.Store) {
			want := audit.Checkpoint{Time: at(1), Heads: []audit.Head{{Chain: "c", Seq: 7, Hash: audit.Hash{1, 2, 255}}}, Signature: []byte{4, 0}}
			later := audit.Checkpoint{Time: at(2), Signature: []byte{5}}
			update(t, s, func(ctx context.Context, tx vault.Tx) error {
				return errors.Join(tx.AddCheckpoint(ctx, want), tx.AddCheckpoint(ctx, later))
			})
			view(t, s, func(ctx context.Context, r vault.Reader) error {
				var got []audit.Checkpoint
				for c, err := range r.Checkpoints(ctx) {
					if err != nil {
						return err
					}
					got = append(got, c)
				}
				same(t, got, []audit.Checkpoint{want, later})
				last, err := r.LastCheckpoint(ctx)
				same(t, last, later)
				return err
			})
		}},
	}
}

var errSkip = errors.New("the unit changes its mind")

// allEvents reads page after page.
func allEvents(t *testing.T, s *store.Store, c vault.EventCriteria, limit int) []audit.Record {
	t.Helper()
	var all []audit.Record
	c.Limit, c.Digest = limit, "d"
	for {
		var page vault.Page[audit.Record]
		view(t, s, func(ctx context.Context, r vault.Reader) (err error) {
			page, err = r.Events(ctx, c)
			return err
		})
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		var err error
		if c.After, err = vault.ParseCursor(page.Next, "d"); err != nil {
			t.Fatal(err)
		}
	}
}
