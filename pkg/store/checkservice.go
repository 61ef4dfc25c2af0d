package store

import (
	"context"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

func (s *Store) checkTrigrams(ctx context.Context) (Finding, error) {
	n, err := s.count(ctx, "select count(*) from pg_catalog.pg_class where oid in (to_regclass('integrations_name_trigrams'), to_regclass('credentials_name_trigrams'))")
	switch {
	case err != nil:
		return Finding{Name: "trigrams", Hint: schemaFirst}, err
	case n < 2:
		return Finding{"trigrams", Warning, "there is no index by trigrams, so a search for a part of a name reads all names",
			"install PostgreSQL's contrib modules, run as its administrator: create extension pg_trgm; then: vault store migrate"}, nil
	}
	return Finding{"trigrams", OK, "parts of names are found by an index", ""}, nil
}

func (s *Store) checkDurability(ctx context.Context) (Finding, error) {
	var off []string
	err := s.db.Read(ctx, func(ctx context.Context, tx *sqldb.Tx) (err error) {
		off, err = sqldb.All(ctx, tx, func(r sqldb.Row) (name string, err error) { err = r.Scan(&name); return name, err },
			"select name from pg_catalog.pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name")
		return err
	})
	switch {
	case err != nil:
		return Finding{Name: "durability", Hint: schemaFirst}, err
	case len(off) > 0:
		return Finding{"durability", Fault, strings.Join(off, " and ") + " is off: a power cut loses events whose secrets were released", "switch it on in postgresql.conf"}, nil
	}
	return Finding{"durability", OK, "what was answered is on disk", ""}, nil
}
