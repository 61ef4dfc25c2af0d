package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const secretColumns = "credential_id, number, sealed, wrapped, wrapped_by, created, created_by"

func secretPlaces(v *vault.SecretVersion) places {
	var created int64
	return places{
		[]any{&v.CredentialID, &v.Number, &v.Sealed, &v.Wrapped, &v.WrappedBy, &created, &v.CreatedBy},
		func() error { v.Created = moment(created); return nil },
	}
}

func scanSecretVersion(r sqldb.Row) (vault.SecretVersion, error) { return scanned(secretPlaces)(r) }

// SecretVersion reads one, still sealed.
func (t *txn) SecretVersion(ctx context.Context, credentialID string, number int64) (vault.SecretVersion, error) {
	return one(ctx, t, scanSecretVersion, "select "+secretColumns+" from secret_versions where credential_id = $1 and number = $2", credentialID, number)
}

// SecretVersions lists them, newest first.
func (t *txn) SecretVersions(ctx context.Context, credentialID string) ([]vault.SecretVersion, error) {
	return sqldb.All(ctx, t.Tx, scanSecretVersion, "select "+secretColumns+" from secret_versions where credential_id = $1 order by number desc", credentialID)
}

// WrappedByOthers lists what another key wraps. It asks for each side of the
// key in the index, for "not equal" would read all that is done already.
func (t *txn) WrappedByOthers(ctx context.Context, keyID string, limit int) ([]vault.SecretVersion, error) {
	versions, err := sqldb.All(ctx, t.Tx, scanSecretVersion, "select "+secretColumns+" from secret_versions where wrapped_by < $1 limit $2", keyID, int64(limit))
	if err != nil || len(versions) >= limit {
		return versions, err
	}
	more, err := sqldb.All(ctx, t.Tx, scanSecretVersion, "select "+secretColumns+" from secret_versions where wrapped_by > $1 limit $2", keyID, int64(limit-len(versions)))
	return append(versions, more...), err
}

// Wrappings counts what each key wraps.
func (t *txn) Wrappings(ctx context.Context) ([]vault.Wrapping, error) {
	return sqldb.All(ctx, t.Tx, func(r sqldb.Row) (w vault.Wrapping, err error) {
		err = r.Scan(&w.KeyID, &w.Secrets, &w.Records)
		return w, err
	}, `select wrapped_by, cast(sum(secrets) as bigint), cast(sum(records) as bigint) from (
  select wrapped_by, count(*) as secrets, 0 as records from secret_versions group by wrapped_by
  union all
  select wrapped_by, 0 as secrets, count(*) as records from key_records where wrapped_by <> '' group by wrapped_by
) wrapped group by wrapped_by order by wrapped_by`)
}

// AddSecretVersion adds; ErrTaken when the number is.
func (t *txn) AddSecretVersion(ctx context.Context, v vault.SecretVersion) error {
	err := t.insert(ctx, "secret_versions", secretColumns, v.CredentialID, v.Number, bytes(v.Sealed), bytes(v.Wrapped), v.WrappedBy, micros(v.Created), v.CreatedBy)
	return noPolicy(err)
}

// Rewrap replaces the wrapping that was read.
func (t *txn) Rewrap(ctx context.Context, v vault.SecretVersion, was string) error {
	n, err := t.Exec(ctx, "update secret_versions set wrapped = $1, wrapped_by = $2 where credential_id = $3 and number = $4 and wrapped_by = $5", bytes(v.Wrapped), v.WrappedBy, v.CredentialID, v.Number, was)
	if err == nil && n == 0 {
		err = vault.ErrStale
	}
	return refused(err)
}
