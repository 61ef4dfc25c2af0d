package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// IssueHoping issues all in one transaction that takes it that none is refused.
func (s *Store) IssueHoping(ctx context.Context, all ...vault.Issue) error {
	items := make([]any, len(all))
	for n, i := range all {
		items[n] = issueOf(i, s.at.Dialect)
	}
	return s.db.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := s.txn(tx).Head(ctx); err != nil {
			return err
		}
		tx.Hopeful = true
		_, err := s.issueAll(ctx, tx, items)
		return err
	})
}

// Script changes what is kept, as nobody else does.
func (s *Store) Script(ctx context.Context, text string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return tx.Script(ctx, text) })
}

// LeaseLots lists the lots of leases.
func (s *Store) LeaseLots(ctx context.Context) (lots []int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		lots, err = sqldb.All(ctx, tx, func(r sqldb.Row) (n int64, err error) { err = r.Scan(&n); return n, err }, "select lot from lease_lots order by lot")
		return err
	})
	return lots, err
}

// KnowsAfter reports whether an end of the chain that was known still is, after a
// transaction that was committed or not.
func KnowsAfter(committed bool) bool {
	slot := &sqldb.Slot{}
	headOf(slot).known = true
	settleHead(slot, committed)
	return headOf(slot).known
}
