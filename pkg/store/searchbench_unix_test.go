//go:build unix

package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

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

func many(b *testing.B, s *store.Store, records int) {
	b.Helper()
	sites := []string{"berlin", "london", "osaka", "quito", "lagos", "perth", "oslo", "turin", "minsk", "dakar", "miami", "kyoto", "lyon", "cairo", "hanoi", "zagreb"}
	const batch = 2000
	for from := 0; from < records; from += batch {
		err := s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
			for n := from; n < min(from+batch, records); n++ {
				i := anIntegration(n, fmt.Sprintf("%s-app%07d-%x", sites[n%16], n, n*2654435761%(1<<32)))
				i.Description = fmt.Sprintf("runs job %d in %s for team%d", n%977, sites[n/16%16], n%50)
				if err := tx.AddIntegration(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearch compares the first 50 rows of a search with the one query that
// the same index answers, run by nothing but the driver.
func BenchmarkSearch(b *testing.B) {
	records := benchRecords()
	path := filepath.Join(b.TempDir(), "vault.db")
	server := storetest.Start(b)
	for _, address := range []string{"sqlite:" + path, server.Database(b)} {
		s := open(b, address)
		many(b, s, records)
		at, err := sqldb.ParseAddress(address)
		if err != nil {
			b.Fatal(err)
		}
		db := rawDB(b, at)
		if at.Dialect == sqldb.PostgreSQL {
			server.Exec(b, "postgres", "analyze test1.integrations") //nolint:misspell // PostgreSQL spells it so
		}
		for _, q := range benchQueries(records) {
			name := fmt.Sprintf("%s/%d/%s/", at.Dialect, records, q.name)
			b.Run(name+"raw", func(b *testing.B) {
				for b.Loop() {
					q.raw(b, db)
				}
			})
			b.Run(name+"store", func(b *testing.B) {
				for b.Loop() {
					err := s.View(b.Context(), func(ctx context.Context, r vault.Reader) error {
						_, err := r.Integrations(ctx, q.criteria)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
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

type benchQuery struct {
	name             string
	criteria         vault.IntegrationCriteria
	sqlite, postgres string
	arg, pgArg       string
}

func benchQueries(records int) []benchQuery {
	rare := fmt.Sprintf("app%07d", records/2)
	const (
		liteNames = "select i.* from integration_names f cross join integrations i on i.n = f.rowid where integration_names match $1 order by f.rowid limit 50"
		pgNames   = "select * from integrations where name_key like $1 limit 50"
	)
	page := vault.Paging{Limit: 50}
	return []benchQuery{
		{"prefix", vault.IntegrationCriteria{Name: vault.Match{Parts: []string{"osaka-app", ""}}, Paging: page}, "select * from integrations where name_key >= $1 order by name_key limit 50", "select * from integrations where name_key >= $1 order by name_key limit 50", "osaka-app", "osaka-app"},
		{"rare part", vault.IntegrationCriteria{Name: vault.Match{Part: rare}, Paging: page}, liteNames, pgNames, `"` + rare + `"`, "%" + rare + "%"},
		{"some part", vault.IntegrationCriteria{Name: vault.Match{Part: "-abc"}, Paging: page}, liteNames, pgNames, `"-abc"`, "%-abc%"},
		{"common part", vault.IntegrationCriteria{Name: vault.Match{Part: "lin-ap"}, Paging: page}, liteNames, pgNames, `"lin-ap"`, "%lin-ap%"},
		{"some part by name", vault.IntegrationCriteria{Name: vault.Match{Part: "-abc"}, Sort: vault.SortName, Paging: page}, liteNames, pgNames, `"-abc"`, "%-abc%"},
		{"two words", vault.IntegrationCriteria{Words: []string{"osaka", "team7"}, Paging: page}, "select i.* from integration_words f cross join integrations i on i.n = f.rowid where integration_words match $1 order by f.rowid limit 50", "select * from integrations where words @@ $1::tsquery limit 50", `"osaka"* AND "team7"*`, "'osaka':* & 'team7':*"},
	}
}

// raw runs the query and reads its rows without making anything of them.
func (q benchQuery) raw(b *testing.B, db sqldb.DB) {
	b.Helper()
	query, arg := q.sqlite, q.arg
	if db.Dialect() == sqldb.PostgreSQL {
		query, arg = q.postgres, q.pgArg
	}
	err := db.Read(b.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
		return sqldb.Each(ctx, tx, func(sqldb.Row) error { return nil }, query, arg)
	})
	if err != nil {
		b.Fatal(err)
	}
}
