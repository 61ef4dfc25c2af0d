package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/store/storetest"
)

// TestAKilledMigrationIsEndedByTheNext kills migrations of stores of every older
// schema at random instants, some of them several times, and lets the last one
// end. The store is then as one that was migrated without being killed.
func TestAKilledMigrationIsEndedByTheNext(t *testing.T) {
	t.Parallel()
	for name, kind := range migratables() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh := kind(t)
			h := vaultHome{T: t, env: map[string]string{"HOME": t.TempDir(), "CI": "1", "GORACE": "atexit_sleep_ms=0"}}
			var within time.Duration
			want, killed, rounds := map[int]string{}, 0, min(killRounds(t), 50)
			for round := range rounds {
				m := fresh(t)
				schema := round % len(m.known)
				if want[schema] == "" {
					clean := fresh(t)
					clean.at(schema)
					began := time.Now()
					h.migrate(clean.address, 0)
					within = 2 * time.Since(began)
					if want[schema] = clean.dump(); !strings.Contains(want[schema], "integrations") {
						t.Fatalf("the dump is none: %s", want[schema])
					}
				}
				m.at(schema)
				for range 1 + rand.IntN(3) {
					if h.migrate(m.address, rand.N(within)) != 0 {
						killed++
					}
				}
				h.migrate(m.address, 0)
				if got := m.dump(); got != want[schema] {
					t.Fatalf("round %d: from schema %d on: the store is not as one that was migrated at once:\n%s", round, schema, difference(want[schema], got))
				}
			}
			t.Logf("%d migrations were killed in %d rounds", killed, rounds)
		})
	}
}

// migrate runs a migration, which must succeed unless it is killed after a time.
func (h vaultHome) migrate(address string, kill time.Duration) (code int) {
	h.Helper()
	cmd := h.command("admin", "store", "migrate", "--store", address)
	_, code, talk := h.finish(cmd, func() {
		if kill > 0 {
			timer := time.AfterFunc(kill, func() { _ = cmd.Process.Kill() })
			h.Cleanup(func() { timer.Stop() })
		}
	})
	if code != 0 && (kill == 0 || code != -1) {
		h.Fatalf("migrate: code %d: %s", code, talk)
	}
	return code
}

// migratable is an empty store that can be brought to any schema.
type migratable struct {
	*testing.T
	address string
	known   []sqldb.Migration
	db      sqldb.DB
	dump    func() string
}

func migratables() map[string]func(t *testing.T) func(t *testing.T) migratable {
	return map[string]func(t *testing.T) func(t *testing.T) migratable{
		"sqlite": func(*testing.T) func(*testing.T) migratable {
			return func(t *testing.T) migratable {
				m := newMigratable(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"))
				m.dump = m.sqliteDump
				return m
			}
		},
		"postgres": func(t *testing.T) func(*testing.T) migratable {
			server := storetest.Start(t)
			return func(t *testing.T) migratable {
				m := newMigratable(t, server.Database(t))
				m.dump = func() string { return untimed(server.Dump(t, schemaOf(m.address))) }
				return m
			}
		},
	}
}

func newMigratable(t *testing.T, address string) migratable {
	t.Helper()
	at, err := sqldb.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	m := migratable{T: t, address: address}
	if m.known, err = sqldb.Migrations(os.DirFS(filepath.Join(root, "pkg", "store", "migrations")), at.Dialect); err != nil {
		t.Fatal(err)
	}
	if at.Dialect == sqldb.SQLite {
		m.db, err = sqldb.OpenSQLite(at, sqldb.Hooks{})
	} else {
		m.db, err = sqldb.OpenPostgreSQL(t.Context(), at, sqldb.Hooks{})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.db.Close() })
	return m
}

func schemaOf(address string) string {
	u, _ := url.Parse(address)
	name, _, _ := strings.Cut(u.Query().Get("search_path"), ",")
	return name
}

// at brings the store to a schema, with rows in it when it has tables.
func (m migratable) at(schema int) {
	m.Helper()
	if _, err := sqldb.Migrate(m.Context(), m.db, m.known[:schema], time.Now()); err != nil {
		m.Fatal(err)
	}
	if schema == 0 {
		return
	}
	for _, table := range []string{"integrations", "credentials"} {
		m.fill(table, 500)
	}
}

// fill adds rows to a table, whatever columns it has: values that fit the type
// and differ where they have to. Columns with a default have that.
func (m migratable) fill(table string, rows int) {
	m.Helper()
	var columns, values []string
	m.read(func(ctx context.Context, tx *sqldb.Tx) error {
		query := `select name, type from pragma_table_info($1) where "notnull" = 1 and dflt_value is null and pk = 0`
		if tx.Dialect() == sqldb.PostgreSQL {
			query = `select column_name::text, data_type::text from information_schema.columns where table_schema = current_schema() and table_name = $1 and is_nullable = 'NO' and column_default is null and is_identity = 'NO'`
		}
		return sqldb.Each(ctx, tx, func(r sqldb.Row) error {
			var name, kind string
			err := r.Scan(&name, &kind)
			columns, values = append(columns, name), append(values, sample(name, strings.ToLower(kind)))
			return err
		}, query, table)
	})
	series := fmt.Sprintf("(with recursive c(i) as (select 1 union all select i + 1 from c where i < %d) select i from c) s", rows)
	m.write("insert into " + table + " (" + strings.Join(columns, ", ") + ") select " + strings.Join(values, ", ") + " from " + series)
}

func sample(name, kind string) string {
	switch {
	case kind == "bytea":
		return "'\\x00'::bytea"
	case kind == "blob":
		return "x'00'"
	case kind == "text":
		return "'" + name + " ' || cast(i as text)"
	}
	return "1"
}

func (m migratable) read(unit sqldb.Unit) {
	m.Helper()
	if err := m.db.Read(m.Context(), unit); err != nil {
		m.Fatal(err)
	}
}

func (m migratable) write(statement string) {
	m.Helper()
	err := m.db.Write(m.Context(), func(ctx context.Context, tx *sqldb.Tx) error { return tx.Script(ctx, statement) })
	if err != nil {
		m.Fatal(statement, err)
	}
}

// sqliteDump is the whole schema and every row, but for the times at which
// migrations were applied.
func (m migratable) sqliteDump() string {
	m.Helper()
	var out []string
	text := func(r sqldb.Row) (s string, err error) { err = r.Scan(&s); return s, err }
	m.read(func(ctx context.Context, tx *sqldb.Tx) error {
		schema, err := sqldb.All(ctx, tx, text, "select type || ' ' || name || ': ' || coalesce(sql, '') from sqlite_schema order by type, name")
		if err != nil {
			return err
		}
		out = schema
		tables, err := sqldb.All(ctx, tx, text, "select name from pragma_table_list where schema = 'main' and type in ('table', 'shadow') and name not like 'sqlite%' order by name")
		if err != nil {
			return err
		}
		for _, table := range tables {
			columns, err := sqldb.All(ctx, tx, text, "select 'quote(' || name || ')' from pragma_table_info($1) where name <> 'applied_at'", table)
			if err != nil {
				return err
			}
			rows, err := sqldb.All(ctx, tx, text, "select "+strings.Join(columns, " || ',' || ")+" from "+table+" order by 1")
			if err != nil {
				return err
			}
			out = append(append(out, "rows of "+table), rows...)
		}
		return nil
	})
	return strings.Join(out, "\n")
}

// untimed takes out of a dump when migrations were applied.
func untimed(dump string) string {
	return regexp.MustCompile(`(?m)^(\d+\t\d*\w+\t)\d{16}$`).ReplaceAllString(dump, "${1}then")
}

// difference is the first line in which two texts differ.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for n := range min(len(w), len(g)) {
		if w[n] != g[n] {
			return "want " + w[n] + "\ngot  " + g[n]
		}
	}
	return fmt.Sprintf("want %d lines, got %d", len(w), len(g))
}
