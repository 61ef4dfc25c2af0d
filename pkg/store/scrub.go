package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// Scrub leaves nothing in the database of the wrappings that Rewrap and
// ChangeKeyRecord have replaced, nor of secrets that were removed. See
// sqldb.Scrub.
func (s *Store) Scrub(ctx context.Context) error {
	return sqldb.Scrub(ctx, s.db, "secret_versions", "key_records")
}
