package store

import (
	"context"
	"errors"
	"net/netip"
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

// AddToken adds; a hash is never there twice.
func (t *txn) AddToken(ctx context.Context, v vault.Token) error {
	return t.Later(ctx, "insert into access_tokens ("+tokenColumns+") values ($1, $2, $3, $4, $5, $6)",
		v.Hash[:], v.IntegrationID, v.From.String(), v.Epoch, micros(v.Made), micros(v.Expires))
}

// Token reads a token with the version of its integration.
func (t *txn) Token(ctx context.Context, hash vault.TokenHash) (vault.Token, int64, error) {
	h, err := one(ctx, t, scanned(heldPlaces), "select "+heldColumns+" where hash = $1", hash[:])
	h.token.Hash = hash
	return h.token, h.version, err
}

// TokenFor reads a lease beside it. The index of leases takes the end of an id first.
func (t *txn) TokenFor(ctx context.Context, hash vault.TokenHash, lease string) (vault.Token, int64, vault.Lease, error) {
	h, err := one(ctx, t, scanned(heldForPlaces), tokenFor, lease[min(9, len(lease)):], lease, hash[:])
	h.token.Hash = hash
	return h.token, h.version, h.lease.Lease, err
}

// held is a token with the version of its integration, and a lease.
type held struct {
	token   vault.Token
	version int64
	lease   leaseRow
}

const (
	heldPlain   = "holder, address, era, made, expires, i.version"
	heldFrom    = " from access_tokens join integrations i on i.id = holder"
	heldColumns = heldPlain + heldFrom
)

// tokenFor is how a token and a lease are asked for at once.
const tokenFor = "select " + heldPlain + `, coalesce(l.n, 0), coalesce(l.id, ''), coalesce(l.credential_id, ''), coalesce(l.actor_key, ''), coalesce(l.exclusive, 0),
  coalesce(l.idempotency, ''), coalesce(l.due, 0), coalesce(l.state, ''), coalesce(l.ended, 0), coalesce(l.version, 0), coalesce(l.body, '{}')` + heldFrom + `
  left join leases l on substr(l.id, 10) = $1 and l.id = $2 where hash = $3`

func heldPlaces(h *held) places {
	var address string
	var made, expires int64
	return places{
		[]any{&h.token.IntegrationID, &address, &h.token.Epoch, &made, &expires, &h.version},
		func() (err error) {
			h.token.Made, h.token.Expires = moment(made), moment(expires)
			h.token.From, err = netip.ParseAddr(address)
			return err
		},
	}
}

func heldForPlaces(h *held) places {
	token, lease := heldPlaces(h), leasePlaces(&h.lease)
	return places{append(token.into, lease.into...), func() error { return errors.Join(token.fill(), lease.fill()) }}
}

// RemoveToken removes one that is there.
func (t *txn) RemoveToken(ctx context.Context, hash vault.TokenHash) error {
	n, err := t.Exec(ctx, "delete from access_tokens where hash = $1", hash[:])
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
	n, err := t.Exec(ctx, "delete from access_tokens where hash in ("+some+")", micros(before), int64(limit))
	return int(n), err
}
