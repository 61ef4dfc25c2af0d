package store

import (
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// statements are those that a check-out needs, made once.
type statements struct {
	present  string           // a credential and its present secret
	addIssue string           // a lease of a credential that has a version
	addEvent [together]string // one event, two events, …
	records  string           // the beginning of a query of events
}

// together is how many events one statement adds at most.
const together = 8

func newStatements(dialect sqldb.Dialect) *statements {
	s := &statements{
		present: "select " + credentials("c") + `, coalesce(v.credential_id, ''), coalesce(v.number, 0), v.sealed, v.wrapped, coalesce(v.wrapped_by, ''), coalesce(v.created, 0), coalesce(v.created_by, '')
from credentials c left join secret_versions v on v.credential_id = c.id and v.number = c.secret where c.system_key = $1 and c.account_key = $2`,
		addIssue: "insert into leases (id, credential_id, actor_key, exclusive, idempotency, due, state, ended, version, body)" + `
values ($1, (select id from credentials where id = $2 and version = $3), $4, $5, $6, $7, 'open', 0, 1, $8) on conflict do nothing`,
		records: "select chain, " + eventColumns + " from events",
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
