//go:build unix

package store_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/store/storetest"
	"github.com/redim-tools/redim/pkg/vault"
)

// parts are the queries for a part of a name. SQLite is asked for all trigrams.
func parts(text string) map[sqldb.Dialect]rawQuery {
	var terms []string
	size := min(3, len(text))
	for n := range len(text) - size + 1 {
		terms = append(terms, "g"+hex.EncodeToString([]byte(text[n:n+size])))
	}
	return map[sqldb.Dialect]rawQuery{
		sqldb.SQLite:     {rawTerms, strings.Join(terms, " AND ")},
		sqldb.PostgreSQL: {"select * from integrations where name_key like $1 limit 50", "%" + text + "%"},
	}
}

func words(all ...string) map[sqldb.Dialect]rawQuery {
	terms, lexemes := make([]string, len(all)), make([]string, len(all))
	for n, word := range all {
		terms[n], lexemes[n] = "w"+hex.EncodeToString([]byte(word)), "'"+word+"':*"
	}
	return map[sqldb.Dialect]rawQuery{
		sqldb.SQLite:     {rawTerms, strings.Join(terms, " AND ")},
		sqldb.PostgreSQL: {"select * from integrations where words @@ $1::tsquery limit 50", strings.Join(lexemes, " & ")},
	}
}

// sites are what the names of the records begin with.
const sites = "berlin london osaka quito lagos perth oslo turin minsk dakar miami kyoto lyon cairo hanoi zagreb"

// many adds records that are alike, as those of a large estate are.
func many(b *testing.B, s *store.Store, records int) {
	b.Helper()
	sites := strings.Fields(sites)
	const batch = 2000
	for from := 0; from < records; from += batch {
		err := s.Update(context.Background(), func(ctx context.Context, tx vault.Tx) error {
			for n := from; n < min(from+batch, records); n++ {
				i := anIntegration(n, manyName(n))
				i.Description = fmt.Sprintf("runs job %d in %s for team%d", n%977, sites[n/16%16], n%50)
				if i.Active = n%10 != 3; n%7 == 0 {
					i.Auth = vault.AuthWindows
				}
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

// manyName is the name of a record.
func manyName(n int) string {
	return fmt.Sprintf("%s-app%07d-%x", strings.Fields(sites)[n%16], n, n*2654435761%(1<<32))
}

// manyInPostgreSQL adds the same records with one statement, to indexes that are
// made afterwards, which takes a tenth of the time.
func manyInPostgreSQL(b *testing.B, server *storetest.Server, address string, records int) {
	b.Helper()
	_, path, _ := strings.Cut(address, "search_path=")
	schema, _, _ := strings.Cut(path, ",")
	server.Exec(b, "postgres", "drop index "+schema+".integrations_name_trigrams, "+schema+".integrations_words")
	server.Exec(b, "postgres", fmt.Sprintf(`with given as (
  select n, (string_to_array('%s', ' '))[1 + n %% 16] || '-app' || lpad(n::text, 7, '0') || '-' || to_hex(n * 2654435761 %% 4294967296) as name,
    'runs job ' || n %% 977 || ' in ' || (string_to_array('%[1]s', ' '))[1 + n / 16 %% 16] || ' for team' || n %% 50 as description
  from generate_series(0::bigint, %[2]d - 1) n
)
insert into %[3]s.integrations (id, name, name_key, description, active, auth, proof_kind, proof_salt, proof_sum, account, allowed, reason, hours, comment,
  skip_justification, skip_until, grants, version, created, created_by, changed, changed_by, words)
select '01900000-0000-7000-8000-' || lpad(n::text, 12, '0'), name, name, description, case when n %% 10 = 3 then 0 else 1 end, case when n %% 7 = 0 then 'windows' else 'application' end,
  'argon2id', '\x010002', '\x03ff', 'EX\svc', '["10.0.0.0/24","2001:db8::1/128"]', 'backup', 5400000000, 'from the <backup> & more', 'it runs at night', 0,
  '[{"System":"web*","Account":"svc-*"}]', 1, 1763726460000123, 'root', 1763726460000123, 'root', array_to_tsvector(array(select distinct unnest(string_to_array(description, ' '))))
from given`, sites, records, schema))
	server.Exec(b, "postgres", `set maintenance_work_mem = '256MB';
create index integrations_name_trigrams on `+schema+`.integrations using gin (name_key gin_trgm_ops) with (fastupdate = off);
create index integrations_words on `+schema+`.integrations using gin (words) with (fastupdate = off)`)
	server.Exec(b, "postgres", "vacuum analyze "+schema+".integrations") //nolint:misspell // PostgreSQL spells it so
}
