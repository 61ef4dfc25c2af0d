package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// IDsBetween lists ids of one kind of record.
func (t *txn) IDsBetween(ctx context.Context, kind vault.RecordKind, low, high string, limit int) ([]string, error) {
	table := map[vault.RecordKind]string{
		vault.KindIntegration: "integrations", vault.KindCredential: "credentials", vault.KindPolicy: "policies", vault.KindRequest: "requests",
	}[kind]
	return sqldb.All(ctx, t.Tx, func(r sqldb.Row) (id string, err error) { err = r.Scan(&id); return id, err },
		"select id from "+table+" where id between $1 and $2 order by id limit $3", low, high, int64(limit))
}
