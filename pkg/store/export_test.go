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
		items[n] = issueOf(i)
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
