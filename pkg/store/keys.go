package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const keyColumns = "name, public, wrapped, wrapped_by, version"

func scanKey(r sqldb.Row) (k vault.KeyRecord, err error) {
	err = r.Scan(&k.Name, &k.Public, &k.Wrapped, &k.WrappedBy, &k.Version)
	k.Public, k.Wrapped = some(k.Public), some(k.Wrapped)
	return k, err
}

// KeyRecord reads by name.
func (t *txn) KeyRecord(ctx context.Context, name string) (vault.KeyRecord, error) {
	return one(ctx, t, scanKey, "select "+keyColumns+" from key_records where name = $1", name)
}

// KeyRecords lists in the order of names.
func (t *txn) KeyRecords(ctx context.Context) ([]vault.KeyRecord, error) {
	return sqldb.All(ctx, t.Tx, scanKey, "select "+keyColumns+" from key_records order by name")
}

// AddKeyRecord adds; ErrTaken when the name is.
func (t *txn) AddKeyRecord(ctx context.Context, k vault.KeyRecord) error {
	return t.insert(ctx, "key_records", keyColumns, k.Name, bytes(k.Public), bytes(k.Wrapped), k.WrappedBy, max(k.Version, 1))
}

// ChangeKeyRecord writes the next version.
func (t *txn) ChangeKeyRecord(ctx context.Context, k vault.KeyRecord) error {
	if t.Dialect() == sqldb.PostgreSQL {
		if err := t.Later(ctx, "select pg_advisory_xact_lock(hashtextextended($1, 11))", k.Name); err != nil {
			return err
		}
	}
	return t.change(ctx, "key_records", keyColumns, "name", k.Name, k.Version, k.Name, bytes(k.Public), bytes(k.Wrapped), k.WrappedBy, k.Version+1)
}

// LockKeyRecord reads, and keeps others from changing it. Every check-out does
// so, and a lock on the row would be written to it each time; this one isn't.
func (t *txn) LockKeyRecord(ctx context.Context, name string) (vault.KeyRecord, error) {
	if t.Dialect() == sqldb.PostgreSQL {
		if err := t.Later(ctx, "select pg_advisory_xact_lock_shared(hashtextextended($1, 11))", name); err != nil {
			return vault.KeyRecord{}, err
		}
	}
	return t.KeyRecord(ctx, name)
}
