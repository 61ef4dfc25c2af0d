package store

import (
	"context"
	"io/fs"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
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
	all, err := sqldb.Migrations(folder, s.at.Dialect)
	if err == nil && s.at.Dialect == sqldb.SQLite {
		all[termsMigration-1].Then = s.addTerms
		all[lotsMigration-1].Then = s.fillAllLots
	}
	return all, err
}

// termsMigration is the one that lets integrations be found by terms.
const termsMigration = 8

// addTerms adds the terms of all integrations.
func (s *Store) addTerms(ctx context.Context, tx *sqldb.Tx) error {
	t := s.txn(tx)
	for after := int64(0); ; {
		var w where
		w.and("n > ?", after)
		some, err := sqldb.All(ctx, tx, scanSearched, "select n, name, description, active, auth from integrations"+w.String()+" order by n"+limit(vault.MaxPage), w.args...)
		if err != nil || len(some) == 0 {
			return err
		}
		for _, i := range some {
			if err := t.setTerms(ctx, i); err != nil {
				return err
			}
			after = i.n
		}
	}
}

// scanSearched scans what integrations are searched by.
func scanSearched(r sqldb.Row) (i numbered, err error) {
	var active int64
	err = r.Scan(&i.n, &i.Name, &i.Description, &active, &i.Auth)
	i.Active = active == 1
	return i, err
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
