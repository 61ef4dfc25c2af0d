package store

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// statements are those that a check-out needs, made once.
type statements struct {
	present   string           // a credential and its present secret
	addIssue  string           // a lease whose grounds are as they were
	addIssues string           // several; PostgreSQL only
	addEvent  [together]string // one event, two events, …
	records   string           // the beginning of a query of events
}

// together is how many events one statement adds at most.
const together = 8

func newStatements(dialect sqldb.Dialect) *statements {
	s := &statements{
		present: "select " + credentials("c") + `, coalesce(v.credential_id, ''), coalesce(v.number, 0), v.sealed, v.wrapped, coalesce(v.wrapped_by, ''), coalesce(v.created, 0), coalesce(v.created_by, '')
from credentials c left join secret_versions v on v.credential_id = c.id and v.number = c.secret where c.system_key = $1 and c.account_key = $2`,
		addIssue:  pgIssue(false),
		addIssues: pgIssue(true),
		records:   "select chain, " + eventColumns + " from events",
	}
	// On SQLite a file has one chain, and a failure may leave some rows: the
	// transaction has failed then, and no copy of pages is made to undo them.
	insert, columns := "insert into", "chain, "+eventColumns
	if dialect == sqldb.SQLite {
		s.addIssue, s.addIssues = liteIssue, ""
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

const intoLeases = "insert into leases (id, credential_id, actor_key, exclusive, idempotency, due, state, ended, version, body) "

// liteIssue adds a lease whose grounds are as they were. It finds null in place of
// the credential when something is not: a statement that has values and no query
// can be undone without a copy of the pages it changes.
const liteIssue = intoLeases + `values ($1, (select id from credentials where id = $2 and version = $3
  and ($4 = 0 or exists (select 1 from policies where id = $5 and version = $6))
  and ($7 = 0 or exists (select 1 from integrations where id = $8 and version = $9))
  and ($10 = '' or not exists (select 1 from requests where actor_key = $11 and idempotency = $12 and idempotency <> ''))
  and ($13 = x'' or exists (select 1 from access_tokens where hash = $14))),
  $15, $16, $17, $18, 'open', 0, 1, $19) on conflict do nothing`

// What an issue on PostgreSQL is made of.
const (
	issueColumns = "id, credential_id, credential, policy_id, policy, integration_id, integration, actor_key, exclusive, idempotency, due, body, token"
	issueTypes   = "text, text, bigint, text, bigint, text, bigint, text, bigint, text, bigint, text, bytea"
)

// pgIssue adds leases whose grounds are as they were, and returns their ids: one
// of single values, or several of lists. Its plan for one need not be made anew.
// Nobody changes or removes a credential between the look at it and the commit.
func pgIssue(lists bool) string {
	types, from := strings.Split(issueTypes, ", "), "(values (%s)) as u ("+issueColumns+")"
	order := ""
	if lists {
		from, order = "unnest(%s) with ordinality as u ("+issueColumns+", n)", " order by n"
	}
	for n, kind := range types {
		types[n] = "$" + strconv.Itoa(n+1) + "::" + kind
		if lists {
			types[n] += "[]"
		}
	}
	return intoLeases + "select id, credential_id, actor_key, exclusive, idempotency, due, 'open', 0, 1, body from " + fmt.Sprintf(from, strings.Join(types, ", ")) + `
where (select version from credentials c where c.id = u.credential_id for share) = credential
  and (policy = 0 or (select version from policies p where p.id = u.policy_id) = policy)
  and (integration = 0 or (select version from integrations i where i.id = u.integration_id) = integration)
  and (idempotency = '' or (select 1 from requests r where r.actor_key = u.actor_key and r.idempotency = u.idempotency and r.idempotency <> '') is null)
  and (token = '' or (select 1 from access_tokens a where a.hash = u.token) is not null)` +
		order + " on conflict do nothing returning id"
}

// columns are lists of equal length, one for each column, as PostgreSQL takes them.
type columns []any

// add adds a row.
func (c columns) add(row []any) {
	for n, v := range row {
		switch v := v.(type) {
		case string:
			list, _ := c[n].([]string)
			c[n] = append(list, v)
		case int64:
			list, _ := c[n].([]int64)
			c[n] = append(list, v)
		case []byte:
			list, _ := c[n].([][]byte)
			c[n] = append(list, v)
		}
	}
}
