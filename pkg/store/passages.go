package store

import (
	"context"
	"encoding/json"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const passageColumns = "lease_id, credential_id, source, source_profile, source_user, state, checkout, look"

func passageValues(p vault.Passage) []any {
	there, _ := json.Marshal(p.Checkout) //nolint:musttag // names as in Go; texts, numbers and times always marshal
	return []any{p.LeaseID, p.CredentialID, string(p.Source.Kind), p.Source.Profile, p.Source.User, string(p.State), string(there), micros(p.Look)}
}

func scanPassage(r sqldb.Row) (p vault.Passage, err error) {
	var there string
	var look int64
	if err := r.Scan(&p.LeaseID, &p.CredentialID, &p.Source.Kind, &p.Source.Profile, &p.Source.User, &p.State, &there, &look); err != nil {
		return p, err
	}
	p.Look = moment(look)
	if err := json.Unmarshal([]byte(there), &p.Checkout); err != nil { //nolint:musttag // as above
		return p, pam.Failf(pam.ErrOther, "the passage of lease %s can't be read: %w", p.LeaseID, err).WithHint("check the store with: vault store check")
	}
	return p, nil
}

// Passages lists those that fit, the first to be looked at first.
func (t *txn) Passages(ctx context.Context, c vault.PassageCriteria) ([]vault.Passage, error) {
	var w where
	if c.LeaseID != "" {
		w.and("lease_id = ?", c.LeaseID)
	}
	if c.CredentialID != "" {
		w.and("credential_id = ?", c.CredentialID)
	}
	if !c.Before.IsZero() {
		w.and("look <> 0")
		w.and("look < ?", micros(c.Before))
	}
	query := "select " + passageColumns + " from passages" + w.String() + " order by look, lease_id"
	if c.Limit > 0 {
		query += limit(c.Limit - 1)
	}
	return sqldb.All(ctx, t.Tx, scanPassage, query, w.args...)
}

// AddPassage adds; ErrTaken when the lease has one.
func (t *txn) AddPassage(ctx context.Context, p vault.Passage) error {
	return t.insert(ctx, "passages", passageColumns, passageValues(p)...)
}

// ChangePassage writes it anew; ErrAbsent when the lease has none.
func (t *txn) ChangePassage(ctx context.Context, p vault.Passage) error {
	values := passageValues(p)
	return t.touched(t.Tx.Exec(ctx, "update passages set ("+passageColumns+") = ("+params(1, len(values))+") where lease_id = $1", values...))
}

// RemovePassage removes it; ErrAbsent when the lease has none.
func (t *txn) RemovePassage(ctx context.Context, leaseID string) error {
	return t.touched(t.Tx.Exec(ctx, "delete from passages where lease_id = $1", leaseID))
}

func (t *txn) touched(n int64, err error) error {
	if err == nil && n == 0 {
		return vault.ErrAbsent
	}
	return refused(err)
}
