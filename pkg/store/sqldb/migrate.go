package sqldb

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// Migration is one step of a schema. It is never edited once it is released.
type Migration struct {
	Number int64 // 1 is the first, without gaps
	Name   string
	SQL    string
	Then   Unit // what SQL alone can't do, in the same transaction; may be nil
}

// Applied is a migration as the database noted it.
type Applied struct {
	Number int64
	Name   string
	At     time.Time
}

// Migrations reads NNNN_name.sql from the folder of the dialect.
func Migrations(files fs.FS, dialect Dialect) ([]Migration, error) {
	names, err := fs.Glob(files, path.Join(string(dialect), "*.sql"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []Migration
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		number, title, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".sql"), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n != int64(len(all)+1) {
			return nil, fmt.Errorf("migration %s is out of order", name)
		}
		all = append(all, Migration{Number: n, Name: title, SQL: string(text)})
	}
	return all, nil
}

// History lists what was applied, in order; nothing when the database is new.
func History(ctx context.Context, db DB) ([]Applied, error) {
	var all []Applied
	err := db.Read(ctx, func(ctx context.Context, tx *Tx) (err error) {
		all, err = history(ctx, tx)
		return err
	})
	return all, err
}

func history(ctx context.Context, tx *Tx) ([]Applied, error) {
	there := "select count(*) from sqlite_schema where type = 'table' and name = 'schema_migrations'"
	if tx.Dialect() == PostgreSQL {
		there = "select count(*) from pg_catalog.pg_class where oid = to_regclass('schema_migrations')"
	}
	var n int64
	if _, err := One(ctx, tx, there, nil, []any{&n}); err != nil || n == 0 {
		return nil, err
	}
	return All(ctx, tx, func(r Row) (a Applied, err error) {
		var at int64
		err = r.Scan(&a.Number, &a.Name, &at)
		a.At = time.UnixMicro(at).UTC()
		return a, err
	}, "select number, name, applied_at from schema_migrations order by number")
}

// Pending is the part of the migrations that was not applied. It refuses a
// history that this program does not know, by the name of the first such step.
func Pending(known []Migration, applied []Applied) ([]Migration, error) {
	for i, a := range applied {
		switch {
		case i >= len(known):
			return nil, pam.Failf(pam.ErrUnreachable, "the store has the newer schema %04d_%s; this program knows %d migrations", a.Number, a.Name, len(known)).WithHint("use the version of the program that migrated the store, or a newer one")
		case a.Number != known[i].Number || a.Name != known[i].Name:
			return nil, pam.Failf(pam.ErrUnreachable, "the store has the schema %04d_%s where this program has %04d_%s", a.Number, a.Name, known[i].Number, known[i].Name).WithHint("use the program that made the store, or another store")
		}
	}
	return known[len(applied):], nil
}

// Migrate applies what is missing, each migration in a transaction of its own,
// so that an interrupted one is as if it had not begun. It returns the names of
// those that it applied. Any number of processes may call it at once.
func Migrate(ctx context.Context, db DB, known []Migration, now time.Time) ([]string, error) {
	var names []string
	for {
		var name string
		err := db.Write(ctx, func(ctx context.Context, tx *Tx) (err error) {
			name, err = step(ctx, tx, known, now)
			return err
		})
		if err != nil || name == "" {
			return names, err
		}
		names = append(names, name)
	}
}

// advisory is the lock under which PostgreSQL is migrated.
const advisory = "select pg_advisory_xact_lock(491260766573)"

// step applies the next migration, if there is one.
func step(ctx context.Context, tx *Tx, known []Migration, now time.Time) (string, error) {
	if tx.Dialect() == PostgreSQL {
		if err := Each(ctx, tx, func(Row) error { return nil }, advisory); err != nil {
			return "", err
		}
	}
	applied, err := history(ctx, tx)
	if err != nil {
		return "", err
	}
	pending, err := Pending(known, applied)
	if err != nil || len(pending) == 0 {
		return "", err
	}
	m := pending[0]
	if m.Number == 1 {
		if err := tx.Script(ctx, "create table if not exists schema_migrations (number bigint constraint schema_migrations_number primary key, name text not null, applied_at bigint not null)"); err != nil {
			return "", err
		}
	}
	if err := tx.Script(ctx, m.SQL); err != nil {
		return "", fmt.Errorf("migration %04d_%s: %w", m.Number, m.Name, err)
	}
	if m.Then != nil {
		if err := m.Then(ctx, tx); err != nil {
			return "", fmt.Errorf("migration %04d_%s: %w", m.Number, m.Name, err)
		}
	}
	_, err = tx.Exec(ctx, "insert into schema_migrations (number, name, applied_at) values ($1, $2, $3)", m.Number, m.Name, now.UnixMicro())
	return fmt.Sprintf("%04d_%s", m.Number, m.Name), err
}
