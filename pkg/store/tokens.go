package store

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// IntegrationsOfAccounts reads by folded accounts.
func (t *txn) IntegrationsOfAccounts(ctx context.Context, folded []string) ([]vault.Integration, error) {
	var all []vault.Integration
	for _, account := range folded {
		found, err := sqldb.All(ctx, t.Tx, scanIntegration, "select "+integrationColumns+" from integrations where account_key = $1 and account_key <> '' order by id limit 2", account)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

const tokenColumns = "hash, holder, address, era, made, expires"

// AddToken adds; a hash is never there twice. It finds null in place of the holder
// when the holder is not of the edition, and Update tells by moved.
func (t *txn) AddToken(ctx context.Context, v vault.Token, holder vault.Edition) error {
	return t.Tx.Later(ctx, "insert into access_tokens ("+tokenColumns+") values ($1, (select id from integrations where id = $2 and version + changed = $3), $4, $5, $6, $7)",
		v.Hash[:], v.IntegrationID, int64(holder), v.From.String(), v.Epoch, micros(v.Made), micros(v.Expires))
}

// moved is ErrStale for a token whose holder was not found.
func moved(err error) error {
	if c, ok := errors.AsType[*sqldb.ConstraintError](err); ok && c.Name == "access_tokens.holder" {
		return vault.ErrStale
	}
	return err
}

// HasToken reports whether it is there. It keeps nobody from removing it.
func (t *txn) HasToken(ctx context.Context, hash vault.TokenHash) (bool, error) {
	var n int64
	return sqldb.One(ctx, t.Tx, "select 1 from access_tokens where hash = $1", []any{hash[:]}, []any{&n})
}

// RemoveToken removes one that is there.
func (t *txn) RemoveToken(ctx context.Context, hash vault.TokenHash) error {
	t.forgetTokens()
	n, err := t.Tx.Exec(ctx, "delete from access_tokens where hash = $1", hash[:])
	if err == nil && n == 0 {
		return vault.ErrAbsent
	}
	return err
}

// RemoveTokens removes those that end first. On PostgreSQL it leaves those alone
// that another process is removing.
func (t *txn) RemoveTokens(ctx context.Context, before time.Time, limit int) (int, error) {
	some := "select hash from access_tokens where expires < $1 order by expires limit $2"
	if t.Dialect() == sqldb.PostgreSQL {
		some += " for update skip locked"
	}
	t.forgetTokens()
	n, err := t.Tx.Exec(ctx, "delete from access_tokens where hash in ("+some+")", micros(before), int64(limit))
	return int(n), err
}
