package store

import (
	"cmp"
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
	looks := []look{s.checkSchema, s.checkIntegrity, s.checkTriggers, s.checkFiles}
	if s.at.Dialect == sqldb.PostgreSQL {
		looks = []look{s.checkSchema, s.checkTriggers, s.checkTrigrams, s.checkDurability}
	}
	findings := make([]Finding, 0, len(looks))
	for _, look := range looks {
		f, err := look(ctx)
		if sqldb.Unasked(err) {
			return nil, err
		}
		if err != nil {
			f = Finding{f.Name, Fault, err.Error(), hintOf(err, f.Hint)}
		}
		findings = append(findings, f)
	}
	return findings, nil
}

// look looks at one thing. Beside a failure of the store stand the name of the finding
// and how it is mended if the failure itself does not say.
type look func(context.Context) (Finding, error)

const (
	restored    = "keep a copy, then restore the last backup"
	schemaFirst = "look at the schema finding first"
)

// hintOf is how a failure itself says that it is mended; those of no class ask for
// this check.
func hintOf(err error, other string) string {
	if f, ok := errors.AsType[*pam.Failure](err); ok && f.Hint != "" && !errors.Is(err, pam.ErrOther) {
		return f.Hint
	}
	return other
}

func (s *Store) checkSchema(ctx context.Context) (Finding, error) {
	applied, err := sqldb.History(ctx, s.db)
	if err != nil {
		return Finding{Name: "schema", Hint: restored}, err
	}
	known, err := s.known()
	if err != nil {
		return Finding{Name: "schema", Hint: "install the program again"}, err
	}
	pending, err := sqldb.Pending(known, applied)
	switch {
	case err != nil:
		return Finding{Name: "schema", Hint: "use the version of the program that migrated the store, or a newer one"}, err
	case len(pending) > 0:
		return Finding{"schema", Warning, fmt.Sprintf("%d migrations are missing, from %04d_%s on", len(pending), pending[0].Number, pending[0].Name), "run: vault store migrate"}, nil
	}
	last := applied[len(applied)-1]
	return Finding{"schema", OK, fmt.Sprintf("%04d_%s, applied %s", last.Number, last.Name, last.At.Format("2006-01-02 15:04:05Z")), ""}, nil
}

func (s *Store) checkIntegrity(ctx context.Context) (Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, inspection)
	defer cancel()
	found, err := sqldb.Inspect(ctx, s.db)
	if err != nil {
		return Finding{Name: "integrity", Hint: restored}, err
	}
	if len(found) > 0 {
		return Finding{"integrity", Fault, strings.Join(found, "; "), restored}, nil
	}
	leases, lots, err := s.misplaced(ctx)
	switch {
	case err != nil:
		return Finding{Name: "integrity", Hint: schemaFirst}, err
	case leases+lots > 0:
		return Finding{"integrity", Fault, fmt.Sprintf("a search would not find %d open leases, nor all events of %d lots: somebody changed what it looks in", leases, lots), "find out who did that, run events verify, and restore the last backup"}, nil
	}
	return Finding{"integrity", OK, "the file is sound", ""}, nil
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

// eventsMigration is the one that makes the record of events, with its guards.
const eventsMigration = 2

func (s *Store) checkTriggers(ctx context.Context) (Finding, error) {
	there := "select count(*) from sqlite_schema where type = 'table' and name = 'events'"
	query := "select count(*) from sqlite_schema where type = 'trigger' and name in ('events_are_never_changed', 'events_are_never_removed')"
	if s.at.Dialect == sqldb.PostgreSQL {
		there = "select count(*) from pg_catalog.pg_class where oid = to_regclass('events')"
		query = "select count(*) from pg_catalog.pg_trigger where tgrelid = to_regclass('events') and not tgisinternal and tgenabled in ('O', 'A')"
	}
	applied, none := sqldb.History(ctx, s.db)
	record, missing := s.count(ctx, there)
	n, err := s.count(ctx, query)
	switch {
	case cmp.Or(none, missing, err) != nil:
		return Finding{Name: "triggers", Hint: schemaFirst}, cmp.Or(none, missing, err)
	case record == 0 && len(applied) < eventsMigration:
		return Finding{"triggers", Warning, "there is no record of events yet", "run: vault store migrate"}, nil
	case n < guards:
		return Finding{"triggers", Fault, "the record of events is not protected: triggers were removed or switched off", "find out who did that, run events verify, and restore the last backup"}, nil
	}
	return Finding{"triggers", OK, "events can't be changed or removed", ""}, nil
}

func (s *Store) count(ctx context.Context, query string) (n int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.One(ctx, tx, query, nil, []any{&n})
		return err
	})
	return n, err
}

func (s *Store) checkFiles(context.Context) (Finding, error) {
	for _, path := range []string{s.at.Path, s.at.Path + "-wal", s.at.Path + "-shm"} {
		info, err := os.Stat(path)
		if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
			return Finding{"files", Warning, path + " can be read by others", "run: chmod 600 " + path}, nil
		}
	}
	return Finding{"files", OK, "only their owner can read them", ""}, nil
}
