package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning" // it works, but not as well as it could
	Fault   Level = "fault"
)

// Finding is one thing that Check looked at.
type Finding struct {
	Name  string // schema, integrity, files, trigrams, durability, triggers
	Level Level
	Text  string // what is so
	Hint  string // how to mend it; empty when it is in order
}

// inspection bounds the look at a whole file, which takes some seconds for each
// hundred thousand check-outs that were recorded.
const inspection = 6 * time.Hour

// Check looks a store over and changes nothing. It opens stores, too, that Open
// refuses; the error tells of one that can't be read at all.
func Check(ctx context.Context, opt Options) ([]Finding, error) {
	at, err := sqldb.ParseAddress(opt.Address)
	if err != nil {
		return nil, err
	}
	if err := mustExist(at); err != nil {
		return nil, err
	}
	s, err := connect(ctx, opt)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	applied, err := sqldb.History(ctx, s.db)
	if sqldb.Unreached(err) || err != nil && ctx.Err() != nil {
		return nil, err // which says nothing about what is kept
	}
	findings := []Finding{s.checkSchema(applied, err)}
	if s.at.Dialect == sqldb.SQLite {
		return append(findings, s.checkIntegrity(ctx), s.checkTriggers(ctx), s.checkFiles()), nil
	}
	return append(findings, s.checkTriggers(ctx), s.checkTrigrams(ctx), s.checkDurability(ctx)), nil
}

func fault(name string, err error, hint string) Finding {
	return Finding{Name: name, Level: Fault, Text: err.Error(), Hint: hint}
}

// hintOf is how a failure itself says that it is mended; those of no class ask for
// this check.
func hintOf(err error, other string) string {
	if f, ok := errors.AsType[*pam.Failure](err); ok && f.Hint != "" && !errors.Is(err, pam.ErrOther) {
		return f.Hint
	}
	return other
}

func (s *Store) checkSchema(applied []sqldb.Applied, err error) Finding {
	if err != nil {
		return fault("schema", err, hintOf(err, "keep a copy, then restore the last backup"))
	}
	known, err := s.known()
	if err != nil {
		return fault("schema", err, "install the program again")
	}
	pending, err := sqldb.Pending(known, applied)
	switch {
	case err != nil:
		return fault("schema", err, "use the version of the program that migrated the store, or a newer one")
	case len(pending) > 0:
		return Finding{"schema", Warning, fmt.Sprintf("%d migrations are missing, from %04d_%s on", len(pending), pending[0].Number, pending[0].Name), "run: vault store migrate"}
	}
	last := applied[len(applied)-1]
	return Finding{"schema", OK, fmt.Sprintf("%04d_%s, applied %s", last.Number, last.Name, last.At.Format("2006-01-02 15:04:05Z")), ""}
}

func (s *Store) checkIntegrity(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, inspection)
	defer cancel()
	found, err := sqldb.Inspect(ctx, s.db)
	if err != nil {
		return fault("integrity", err, "keep a copy, then restore the last backup")
	}
	if len(found) > 0 {
		return Finding{"integrity", Fault, strings.Join(found, "; "), "keep a copy, then restore the last backup"}
	}
	leases, lots, err := s.misplaced(ctx)
	switch {
	case err != nil:
		return fault("integrity", err, "look at the schema finding first")
	case leases+lots > 0:
		return Finding{"integrity", Fault, fmt.Sprintf("a search would not find %d open leases, nor all events of %d lots: somebody changed what it looks in", leases, lots), "find out who did that, run events verify, and restore the last backup"}
	}
	return Finding{"integrity", OK, "the file is sound", ""}
}

// misplaced counts what a search would not find. Before their migration, a file has no
// lots like these.
func (s *Store) misplaced(ctx context.Context) (leases, lots int64, err error) {
	applied, err := sqldb.History(ctx, s.db)
	if err != nil || len(applied) < lotsMigration {
		return 0, 0, err
	}
	err = s.db.Read(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		leases, lots, err = misplaced(ctx, tx)
		return err
	})
	return leases, lots, err
}

// guards are the triggers that keep the record of events as it is.
const guards = 2

func (s *Store) checkTriggers(ctx context.Context) Finding {
	query := "select count(*) from sqlite_schema where type = 'trigger' and name in ('events_are_never_changed', 'events_are_never_removed')"
	if s.at.Dialect == sqldb.PostgreSQL {
		query = "select count(*) from pg_catalog.pg_trigger where tgrelid = to_regclass('events') and not tgisinternal and tgenabled in ('O', 'A')"
	}
	n, err := s.count(ctx, query)
	switch {
	case err != nil:
		return fault("triggers", err, "look at the schema finding first")
	case n < guards:
		return Finding{"triggers", Fault, "the record of events is not protected: triggers were removed or switched off", "find out who did that, run events verify, and restore the last backup"}
	}
	return Finding{"triggers", OK, "events can't be changed or removed", ""}
}

func (s *Store) count(ctx context.Context, query string) (n int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.One(ctx, tx, query, nil, []any{&n})
		return err
	})
	return n, err
}

func (s *Store) checkFiles() Finding {
	for _, path := range []string{s.at.Path, s.at.Path + "-wal", s.at.Path + "-shm"} {
		info, err := os.Stat(path)
		if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			return Finding{"files", Warning, path + " can be read by others", "run: chmod 600 " + path}
		}
	}
	return Finding{"files", OK, "only their owner can read them", ""}
}

func (s *Store) checkTrigrams(ctx context.Context) Finding {
	n, err := s.count(ctx, "select count(*) from pg_catalog.pg_class where oid in (to_regclass('integrations_name_trigrams'), to_regclass('credentials_name_trigrams'))")
	switch {
	case err != nil:
		return fault("trigrams", err, "look at the schema finding first")
	case n < 2:
		return Finding{"trigrams", Warning, "there is no index by trigrams, so a search for a part of a name reads all names",
			"install PostgreSQL's contrib modules, run as its administrator: create extension pg_trgm; then: vault store migrate"}
	}
	return Finding{"trigrams", OK, "parts of names are found by an index", ""}
}

func (s *Store) checkDurability(ctx context.Context) Finding {
	var off []string
	err := s.db.Read(ctx, func(ctx context.Context, tx *sqldb.Tx) (err error) {
		off, err = sqldb.All(ctx, tx, func(r sqldb.Row) (name string, err error) { err = r.Scan(&name); return name, err },
			"select name from pg_catalog.pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off' order by name")
		return err
	})
	switch {
	case err != nil:
		return fault("durability", err, "look at the schema finding first")
	case len(off) > 0:
		return Finding{"durability", Fault, strings.Join(off, " and ") + " is off: a power cut loses events whose secrets were released", "switch it on in postgresql.conf"}
	}
	return Finding{"durability", OK, "what was answered is on disk", ""}
}
