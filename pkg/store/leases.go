package store

import (
	"context"
	"strconv"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const leaseColumns = "id, credential_id, credential, secret, exclusive, reason, comment, ticket, request_id, idempotency, digest, at, due, state, ended, " + actorColumns + ", " + stampColumns

func leaseValues(l vault.Lease, version int64) []any {
	values := []any{
		l.ID, l.CredentialID, l.Credential, l.Secret, truth(l.Exclusive), l.Reason, l.Comment, l.Ticket, l.RequestID, l.Key, l.Digest, micros(l.At), micros(l.Due), string(l.State), micros(l.Ended),
	}
	return append(append(values, actorValues(l.Holder)...), stampValues(l.Stamp, version)...)
}

// leaseRow is a lease with its place in the order.
type leaseRow struct {
	vault.Lease
	n int64
}

func scanLease(r sqldb.Row) (l leaseRow, err error) {
	var exclusive, at, due, ended int64
	var key string
	var stamp stampRow
	into := []any{
		&l.n, &l.ID, &l.CredentialID, &l.Credential, &l.Secret, &exclusive, &l.Reason, &l.Comment, &l.Ticket, &l.RequestID, &l.Key, &l.Digest, &at, &due, &l.State, &ended,
	}
	err = r.Scan(append(append(into, actorInto(&l.Holder, &key)...), stamp.into(&l.Stamp)...)...)
	l.Exclusive, l.At, l.Due, l.Ended = exclusive == 1, moment(at), moment(due), moment(ended)
	stamp.fill(&l.Stamp)
	return l, err
}

// Lease reads by id.
func (t *txn) Lease(ctx context.Context, id string) (vault.Lease, error) {
	l, err := one(ctx, t, scanLease, "select n, "+leaseColumns+" from leases where id = $1", id)
	return l.Lease, err
}

// Leases lists in the order in which they were added.
func (t *txn) Leases(ctx context.Context, c vault.LeaseCriteria) (vault.Page[vault.Lease], error) {
	var w where
	order := " order by n"
	switch {
	case c.State == vault.LeaseOpen:
		w.and("state = 'open'") // as the partial indexes say it
		order = " order by +n"  // sorts the few that are open, rather than walk over all that ended
	case c.State != "":
		w.and("state = ?", string(c.State))
	}
	if c.CredentialID != "" {
		w.and("credential_id = ?", c.CredentialID)
	}
	if c.Holder != nil {
		w.and("actor_key = ?", actorKey(*c.Holder))
	}
	if c.Key != "" {
		w.and("idempotency = ?", c.Key)
		w.and("idempotency <> ''")
	}
	if !c.Before.IsZero() {
		w.and("due < ?", micros(c.Before))
	}
	if !c.After.IsZero() {
		n, err := strconv.ParseInt(c.After.Key, 10, 64)
		if err != nil {
			return vault.Page[vault.Lease]{}, badCursor()
		}
		w.and("n > ?", n)
	}
	rows, err := page(ctx, t, c.Paging, scanLease, func(l leaseRow) vault.Cursor {
		return vault.Cursor{Key: strconv.FormatInt(l.n, 10), ID: l.ID}
	}, "select n, "+leaseColumns+" from leases"+w.String()+order+w.limit(c.Limit), w.args)
	return bare(rows, func(l leaseRow) vault.Lease { return l.Lease }), err
}

// AddLease adds; ErrTaken when its id or key is, or when another exclusive lease
// of the credential is open.
func (t *txn) AddLease(ctx context.Context, l vault.Lease) error {
	return t.insert(ctx, "leases", leaseColumns, leaseValues(l, max(l.Version, 1))...)
}

// ChangeLease writes the next version.
func (t *txn) ChangeLease(ctx context.Context, l vault.Lease) error {
	return t.change(ctx, "leases", leaseColumns, "id", l.ID, l.Version, leaseValues(l, l.Version+1)...)
}
