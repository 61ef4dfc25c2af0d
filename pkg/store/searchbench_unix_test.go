//go:build unix

package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// benchRecords is how many integrations are searched.
func benchRecords() int {
	if n, err := strconv.Atoi(os.Getenv("REDIM_BENCH_RECORDS")); err == nil && n > 0 {
		return n
	}
	return 100_000
}

// BenchmarkSearch compares the first 50 rows of a search, and 50 rows twenty
// pages on, with the one query that the same index answers, run by nothing but
// the driver.
func BenchmarkSearch(b *testing.B) {
	records := benchRecords()
	server := storetest.Start(b)
	for _, address := range []string{"sqlite:" + filepath.Join(b.TempDir(), "vault.db"), server.Database(b)} {
		at, err := sqldb.ParseAddress(address)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("%s %d", at.Dialect, records), func(b *testing.B) {
			s := open(b, address)
			if at.Dialect == sqldb.SQLite {
				many(b, s, records)
			} else {
				manyInPostgreSQL(b, server, address, records)
			}
			db := rawDB(b, at)
			for _, q := range benchQueries(records) {
				b.Run(q.name, func(b *testing.B) { q.bench(b, s, db) })
			}
		})
	}
}

func (q benchQuery) bench(b *testing.B, s *store.Store, db sqldb.DB) {
	if raw, ok := q.raw[db.Dialect()]; ok {
		b.Run("raw", func(b *testing.B) { timed(b, func() { raw.run(b, db) }) })
	}
	b.Run("store", func(b *testing.B) { timed(b, func() { searched(b, s, q.IntegrationCriteria) }) })
	later := q.IntegrationCriteria
	for range 20 {
		if next := searched(b, s, later).Next; next != "" {
			later.After, _ = vault.ParseCursor(next, "")
		}
	}
	if !later.After.IsZero() {
		b.Run("later", func(b *testing.B) { timed(b, func() { searched(b, s, later) }) })
	}
}

// timed tells the median, which other programs on the machine move least.
func timed(b *testing.B, do func()) {
	b.Helper()
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		do()
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(0, "ns/op")
}

func searched(b *testing.B, s *store.Store, c vault.IntegrationCriteria) (page vault.Page[vault.Integration]) {
	b.Helper()
	err := s.View(b.Context(), func(ctx context.Context, r vault.Reader) (err error) {
		page, err = r.Integrations(ctx, c)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return page
}

func rawDB(b *testing.B, at sqldb.Address) sqldb.DB {
	b.Helper()
	open := func() (sqldb.DB, error) { return sqldb.OpenSQLite(at, sqldb.Hooks{}) }
	if at.Dialect == sqldb.PostgreSQL {
		open = func() (sqldb.DB, error) { return sqldb.OpenPostgreSQL(b.Context(), at, sqldb.Hooks{}) }
	}
	db, err := open()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// rawQuery is run without making anything of its rows.
type rawQuery struct{ text, arg string }

func (q rawQuery) run(b *testing.B, db sqldb.DB) {
	b.Helper()
	var args []any
	if q.arg != "" {
		args = append(args, q.arg)
	}
	err := db.Read(b.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
		return sqldb.Each(ctx, tx, func(sqldb.Row) error { return nil }, q.text, args...)
	})
	if err != nil {
		b.Fatal(err)
	}
}

type benchQuery struct {
	name string
	vault.IntegrationCriteria
	raw map[sqldb.Dialect]rawQuery
}

func benchQueries(records int) []benchQuery {
	rare := fmt.Sprintf("app%07d", records/2)
	part := func(text string) vault.IntegrationCriteria {
		return vault.IntegrationCriteria{Name: vault.Match{Part: text}}
	}
	all := []benchQuery{
		{"no criterion", vault.IntegrationCriteria{}, inBoth("order by name_key", "")},
		{"prefix", vault.IntegrationCriteria{Name: vault.Match{Parts: []string{"osaka-app", ""}}}, inBoth("where name_key >= $1 order by name_key", "osaka-app")},
		{"rare part", part(rare), parts(rare)},
		{"some part", part("-abc"), parts("-abc")},
		{"common part", part("lin-ap"), parts("lin-ap")},
		{"part of all", part("app"), parts("app")},
		{"short part", part("-f"), parts("-f")},
		{"pattern", vault.IntegrationCriteria{Name: vault.Match{Parts: []string{"osaka-", "-abc", ""}}}, nil},
		{"common word", vault.IntegrationCriteria{Words: []string{"osaka"}}, words("osaka")},
		{"two words", vault.IntegrationCriteria{Words: []string{"osaka", "team7"}}, words("osaka", "team7")},
		{"active", vault.IntegrationCriteria{Active: vault.Yes}, inBoth("where active = 1 order by name_key", "")},
		{"inactive", vault.IntegrationCriteria{Active: vault.No}, inBoth("where active = 0 order by name_key", "")},
		{"windows", vault.IntegrationCriteria{Auth: vault.AuthWindows}, inBoth("where auth = 'windows' order by name_key", "")},
		{"inactive windows", vault.IntegrationCriteria{Active: vault.No, Auth: vault.AuthWindows}, inBoth("where active = 0 and auth = 'windows' order by name_key", "")},
		{"common part inactive windows", vault.IntegrationCriteria{Name: vault.Match{Part: "lin-ap"}, Active: vault.No, Auth: vault.AuthWindows}, nil},
		{"all four", vault.IntegrationCriteria{Name: vault.Match{Part: "app"}, Words: []string{"team7"}, Active: vault.No, Auth: vault.AuthApplication}, nil},
		{"some part by name", vault.IntegrationCriteria{Name: vault.Match{Part: "-abc"}, Sort: vault.SortName}, nil},
		{"common word by name", vault.IntegrationCriteria{Words: []string{"osaka"}, Sort: vault.SortName}, nil},
	}
	for n := range all {
		all[n].Limit = 50
	}
	return all
}

func inBoth(where, arg string) map[sqldb.Dialect]rawQuery {
	q := rawQuery{"select * from integrations " + where + " limit 50", arg}
	return map[sqldb.Dialect]rawQuery{sqldb.SQLite: q, sqldb.PostgreSQL: q}
}

const rawTerms = "select i.* from integration_terms f cross join integrations i on i.n = f.rowid where integration_terms match $1 order by f.rowid limit 50"
