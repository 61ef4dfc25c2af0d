package store

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const dueRotationColumns = "credential_id, salt, since, tries, running, look"

func dueRotationValues(d vault.DueRotation) []any {
	return []any{d.CredentialID, bytes(d.Salt), micros(d.Since), d.Tries, truth(d.Running), micros(d.Look)}
}

func scanDueRotation(r sqldb.Row) (d vault.DueRotation, err error) {
	var since, running, look int64
	err = r.Scan(&d.CredentialID, &d.Salt, &since, &d.Tries, &running, &look)
	d.Since, d.Running, d.Look = moment(since), running == 1, moment(look)
	return d, err
}

// DueRotation reads that of a credential.
func (t *txn) DueRotation(ctx context.Context, credentialID string) (vault.DueRotation, error) {
	return one(ctx, t, scanDueRotation, "select "+dueRotationColumns+" from due_rotations where credential_id = $1", credentialID)
}

// DueRotations lists those whose time to look has come.
func (t *txn) DueRotations(ctx context.Context, before time.Time, limit int) ([]vault.DueRotation, error) {
	return sqldb.All(ctx, t.Tx, scanDueRotation, "select "+dueRotationColumns+" from due_rotations where look < $1 order by look, credential_id limit $2", micros(before), int64(limit))
}

// AddDueRotation adds; ErrTaken when the credential has one.
func (t *txn) AddDueRotation(ctx context.Context, d vault.DueRotation) error {
	return t.insert(ctx, "due_rotations", dueRotationColumns, dueRotationValues(d)...)
}

// ChangeDueRotation writes it anew unless somebody else has.
func (t *txn) ChangeDueRotation(ctx context.Context, d vault.DueRotation, was time.Time) error {
	values := dueRotationValues(d)
	n, err := t.Tx.Exec(ctx, "update due_rotations set ("+dueRotationColumns+") = ("+params(1, len(values))+") where credential_id = $1 and look = $7", append(values, micros(was))...)
	if err == nil && n == 0 {
		err = vault.ErrStale
	}
	return refused(err)
}

// RemoveDueRotation removes it, if it is there.
func (t *txn) RemoveDueRotation(ctx context.Context, credentialID string) error {
	err := t.touched(t.Tx.Exec(ctx, "delete from due_rotations where credential_id = $1", credentialID))
	if errors.Is(err, vault.ErrAbsent) {
		return nil
	}
	return err
}
