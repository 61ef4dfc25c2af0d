package store

import (
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// statements are those that a check-out needs, made once.
type statements struct {
	present  string           // a credential and its present secret
	addIssue string           // leases whose grounds are as they were
	addEvent [together]string // one event, two events, …
	records  string           // the beginning of a query of events
}

// together is how many events one statement adds at most.
const together = 8

func newStatements(dialect sqldb.Dialect) *statements {
	s := &statements{
		present: "select " + credentials("c") + `, coalesce(v.credential_id, ''), coalesce(v.number, 0), v.sealed, v.wrapped, coalesce(v.wrapped_by, ''), coalesce(v.created, 0), coalesce(v.created_by, '')
from credentials c left join secret_versions v on v.credential_id = c.id and v.number = c.secret where c.system_key = $1 and c.account_key = $2`,
		addIssue: addIssue(dialect),
		records:  "select chain, " + eventColumns + " from events",
	}
	// On SQLite a file has one chain, and a failure may leave some rows: the
	// transaction has failed then, and no copy of pages is made to undo them.
	insert, columns := "insert into", "chain, "+eventColumns
	if dialect == sqldb.SQLite {
		insert, columns = "insert or fail into", eventColumns
		s.records = "select coalesce((select chain from heads), ''), " + eventColumns + " from events"
	}
	width := strings.Count(columns, ",") + 1
	var rows []string
	for n := range s.addEvent {
		rows = append(rows, "("+params(1+n*width, width)+")")
		s.addEvent[n] = insert + " events (" + columns + ") values " + strings.Join(rows, ", ")
	}
	return s
}

// credentials is the columns of a credential in a table of that name.
func credentials(table string) string {
	return table + "." + strings.ReplaceAll(credentialColumns, ", ", ", "+table+".")
}

// addIssue adds leases whose grounds are as they were. On SQLite it adds one, and
// finds null in place of the credential when something is not: a statement that
// has values and no query can be undone without a copy of the pages it changes.
func addIssue(dialect sqldb.Dialect) string {
	into := "insert into leases (id, credential_id, actor_key, exclusive, idempotency, due, state, ended, version, body) "
	if dialect == sqldb.SQLite {
		return into + `values ($1, (select id from credentials where id = $2 and version = $3
  and ($4 = 0 or exists (select 1 from policies where id = $5 and version = $6))
  and ($7 = 0 or exists (select 1 from integrations where id = $8 and version = $9))
  and ($10 = '' or not exists (select 1 from requests where actor_key = $11 and idempotency = $12 and idempotency <> ''))),
  $13, $14, $15, $16, 'open', 0, 1, $17) on conflict do nothing`
	}
	return into + `select id, credential_id, actor_key, exclusive, idempotency, due, 'open', 0, 1, body
from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::bigint[], $12::text[])
  with ordinality as u (id, credential_id, credential, policy_id, policy, integration_id, integration, actor_key, exclusive, idempotency, due, body, n)
where (select version from credentials c where c.id = u.credential_id) = credential
  and (policy = 0 or (select version from policies p where p.id = u.policy_id) = policy)
  and (integration = 0 or (select version from integrations i where i.id = u.integration_id) = integration)
  and (idempotency = '' or (select 1 from requests r where r.actor_key = u.actor_key and r.idempotency = u.idempotency and r.idempotency <> '') is null)
order by n
on conflict do nothing returning id`
}

// columns are lists of equal length, one for each column, as PostgreSQL takes them.
type columns []any

// add adds a row.
func (c columns) add(row ...any) {
	for n, v := range row {
		switch v := v.(type) {
		case string:
			list, _ := c[n].([]string)
			c[n] = append(list, v)
		case int64:
			list, _ := c[n].([]int64)
			c[n] = append(list, v)
		}
	}
}
