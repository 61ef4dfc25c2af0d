package store

import (
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// statements are those that a check-out needs, made once.
type statements struct {
	present   string           // a credential and its present secret
	addLease  string           // a lease, unless one is in its way; SQLite only
	addLeases [mostRows]string // one lease, two leases, …, or a failure; SQLite only
	addIssue  string           // a lease whose grounds are as they were; PostgreSQL only
	addIssues string           // several; PostgreSQL only
	hope      [together]string // one lease, two leases, …, or none; PostgreSQL only
	hopeMany  string           // as above, any number
	addEvent  [mostRows]string // one event, two events, …
	records   string           // the beginning of a query of events
}

// together is how many rows one statement adds; on SQLite it may be a few sizes more,
// up to most. Each size is a statement of its own that is kept.
const (
	together = 8
	mostRows = 32
)

// few are those that the next statement adds, and the rest.
func few[T any](all []T, dialect sqldb.Dialect) (some, rest []T) {
	n := min(len(all), together)
	if dialect == sqldb.SQLite && len(all) >= mostRows/2 {
		n = min(len(all)/(mostRows/2)*(mostRows/2), mostRows)
	}
	return all[:n], all[n:]
}

func newStatements(dialect sqldb.Dialect) *statements {
	s := &statements{
		present: "select " + credentials("c") + `, coalesce(v.credential_id, ''), coalesce(v.number, 0), v.sealed, v.wrapped, coalesce(v.wrapped_by, ''), coalesce(v.created, 0), coalesce(v.created_by, '')
from credentials c left join secret_versions v on v.credential_id = c.id and v.number = c.secret where c.system_key = $1 and c.account_key = $2`,
		records: "select chain, " + eventColumns + " from events",
	}
	// On SQLite a file has one chain, and a failure may leave some rows: the
	// transaction has failed then, and no copy of pages is made to undo them.
	insert, columns := "insert into", "chain, "+eventColumns
	if dialect == sqldb.SQLite {
		s.issueOnSQLite()
		insert, columns = "insert or fail into", eventColumns
		s.records = "select coalesce((select chain from heads), ''), " + eventColumns + " from events"
	} else {
		s.issueOnPostgreSQL()
	}
	width := strings.Count(columns, ",") + 1
	var rows []string
	for n := range s.addEvent {
		rows = append(rows, "("+params(1+n*width, width)+")")
		s.addEvent[n] = insert + " events (" + columns + ") values " + strings.Join(rows, ", ")
	}
	return s
}

func (s *statements) issueOnSQLite() {
	s.addLease = intoLeases + "values " + liteLease + " on conflict do nothing"
	for n := range s.addLeases {
		s.addLeases[n] = strings.Replace(intoLeases, "insert", "insert or fail", 1) + "values " + strings.Repeat(liteLease+", ", n) + liteLease
	}
}

func (s *statements) issueOnPostgreSQL() {
	s.addIssue, s.addIssues = pgIssue(1), pgIssue(0)
	s.hopeMany = hoping(s.addIssues, "cardinality($1::text[])")
	for n := range s.hope {
		s.hope[n] = hoping(pgIssue(n+1), strconv.Itoa(n+1))
	}
}

// credentials is the columns of a credential in a table of that name.
func credentials(table string) string {
	return table + "." + strings.ReplaceAll(credentialColumns, ", ", ", "+table+".")
}

const intoLeases = "insert into leases (id, credential_id, actor_key, exclusive, idempotency, due, state, ended, version, body) "

// What an issue on PostgreSQL is made of.
const (
	issueColumns = "id, credential_id, credential, policy_id, policy, integration_id, integration, actor_key, exclusive, idempotency, due, body, token"
	issueTypes   = "text, text, bigint, text, bigint, text, bigint, text, bigint, text, bigint, text, bytea"
)

// pgIssue adds leases whose grounds are as they were, and returns their ids: some
// of single values, or any number of lists when rows is 0. A plan for few single
// values need not be made anew.
// Nobody changes or removes a credential between the look at it and the commit.
func pgIssue(rows int) string {
	from, order := "(values "+issueRows(rows)+") as u ("+issueColumns+")", ""
	if rows == 0 {
		from, order = "unnest"+issueRow(0, "[]")+" with ordinality as u ("+issueColumns+", n)", " order by n"
	}
	return intoLeases + "select id, credential_id, actor_key, exclusive, idempotency, due, 'open', 0, 1, body from " + from + `
where (select version + changed from credentials c where c.id = u.credential_id for share) = credential
  and (policy = 0 or (select version + changed from policies p where p.id = u.policy_id) = policy)
  and (integration = 0 or (select version + changed from integrations i where i.id = u.integration_id) = integration)
  and (idempotency = '' or (select 1 from requests r where r.actor_key = u.actor_key and r.idempotency = u.idempotency and r.idempotency <> '') is null)
  and (token = '' or (select 1 from access_tokens a where a.hash = u.token) is not null)
  and (u.exclusive = 0 or (select 1 from crowds s where s.credential_id = u.credential_id) is null)` +
		order + " on conflict do nothing returning id"
}

func issueRows(count int) string {
	rows := make([]string, count)
	for n := range rows {
		rows[n] = issueRow(n, "")
	}
	return strings.Join(rows, ", ")
}

// issueRow is the parameters of the nth row, with their types.
func issueRow(n int, suffix string) string {
	types := strings.Split(issueTypes, ", ")
	for i, kind := range types {
		types[i] = "$" + strconv.Itoa(n*len(types)+i+1) + "::" + kind + suffix
	}
	return "(" + strings.Join(types, ", ") + ")"
}

// hoping makes a statement that adds rows fail when it adds fewer.
func hoping(add, count string) string {
	return "with added as (" + add + ") select case when count(*) < " + count + " then refuse_lot() end from added"
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
