package store

import (
	"context"
	"io/fs"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// Migrate brings the store at the address to the schema of this program, and
// returns the names of the migrations that it applied. Interrupted and run
// again it ends as if it had been run once.
func Migrate(ctx context.Context, opt Options) ([]string, error) {
	s, err := connect(ctx, opt)
	if err != nil {
		return nil, err
	}
	names, err := s.migrate(ctx)
	if e := s.Close(); err == nil {
		err = e
	}
	return names, err
}

func (s *Store) known() ([]sqldb.Migration, error) {
	folder, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	return sqldb.Migrations(folder, s.at.Dialect)
}

func (s *Store) pending(ctx context.Context) ([]sqldb.Migration, error) {
	known, err := s.known()
	if err != nil {
		return nil, err
	}
	applied, err := sqldb.History(ctx, s.db)
	if err != nil {
		return nil, err
	}
	return sqldb.Pending(known, applied)
}

func (s *Store) migrate(ctx context.Context) ([]string, error) {
	known, err := s.known()
	if err != nil {
		return nil, err
	}
	names, err := sqldb.Migrate(ctx, s.db, known, s.opt.Now())
	if err == nil && s.at.Dialect == sqldb.PostgreSQL {
		err = s.ensureTrigrams(ctx)
	}
	return names, err
}

// ensureTrigrams makes the indexes by trigrams where the extension can be had.
// A store without them finds the same, and slower: Check tells.
func (s *Store) ensureTrigrams(ctx context.Context) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return tx.Script(ctx, `
do $$
begin
  perform pg_advisory_xact_lock(491260766573);
  create extension if not exists pg_trgm;
  create index if not exists integrations_name_trigrams on integrations using gin (name_key gin_trgm_ops) with (fastupdate = off);
  create index if not exists credentials_name_trigrams on credentials using gin (ref_key gin_trgm_ops) with (fastupdate = off);
exception when insufficient_privilege or undefined_file or feature_not_supported or undefined_object then
  null;
end
$$`)
	})
}
