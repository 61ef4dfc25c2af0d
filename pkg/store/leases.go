package store

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const leaseColumns = "id, credential_id, actor_key, exclusive, idempotency, due, state, ended, version, body"

func (t *txn) leaseValues(l vault.Lease, version int64) []any {
	return []any{l.ID, l.CredentialID, actorKey(l.Holder), truth(l.Exclusive), l.Key, micros(l.Due), string(l.State), micros(l.Ended), version, bodyOf(&l, t.Dialect())}
}

// leaseRow is a lease with its place in the order.
type leaseRow struct {
	vault.Lease
	n int64
}

func scanLease(r sqldb.Row) (leaseRow, error) { return scanned(leasePlaces)(r) }

func leasePlaces(l *leaseRow) places {
	var exclusive, due, ended int64
	var key, text string
	return places{
		[]any{&l.n, &l.ID, &l.CredentialID, &key, &exclusive, &l.Key, &due, &l.State, &ended, &l.Version, &text},
		func() error {
			var b leaseBody
			if err := json.Unmarshal([]byte(text), &b); err != nil {
				return pam.Failf(pam.ErrOther, "lease %s can't be read: %w", l.ID, err).WithHint("check the store with: vault store check")
			}
			l.Exclusive, l.Due, l.Ended = exclusive == 1, moment(due), moment(ended)
			b.fill(&l.Lease, key)
			return nil
		},
	}
}

// leaseNamed is how the index of ids is asked.
const leaseNamed = "substr(id, 10) = substr($1, 10) and id = $1"

// Lease reads by id.
func (t *txn) Lease(ctx context.Context, id string) (vault.Lease, error) {
	l, err := one(ctx, t, scanLease, "select n, "+leaseColumns+" from leases where "+leaseNamed, id)
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
	w.leasesOf(t.Dialect(), c)
	if c.Key != "" {
		w.and("idempotency = ?", c.Key)
		w.and("idempotency <> ''")
	}
	if !c.Before.IsZero() {
		w.and("due < ?", micros(c.Before))
		order = " order by due, n" // by its index: PostgreSQL expects many that are open and over, and reads them all
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
	}, "select n, "+leaseColumns+" from leases"+w.String()+order+limit(c.Limit), w.args)
	return bare(rows, func(l leaseRow) vault.Lease { return l.Lease }), err
}

// leasesOf adds whose leases are looked for. Only those that are open are found
// by an index.
func (w *where) leasesOf(d sqldb.Dialect, c vault.LeaseCriteria) {
	indexed := c.State == vault.LeaseOpen
	switch {
	case c.CredentialID == "":
	case indexed && d == sqldb.SQLite:
		w.inLots(wordCredential, "credential_id", c.CredentialID)
	case indexed:
		w.and("(exclusive = 1 and credential_id = ? or exclusive = 0 and "+openSpans+" and credential_id = ?)", c.CredentialID, c.CredentialID)
	default:
		w.and("credential_id = ?", c.CredentialID)
	}
	switch {
	case c.Holder == nil:
	case indexed && d == sqldb.SQLite && c.CredentialID == "":
		w.inLots(wordHolder, "actor_key", actorKey(*c.Holder))
	case indexed && d == sqldb.PostgreSQL:
		w.and(openSpans+" and actor_key = ?", actorKey(*c.Holder))
	default:
		w.and("actor_key = ?", actorKey(*c.Holder))
	}
}

// openSpans takes the spans in which there are open leases, in PostgreSQL's words.
const openSpans = `n >> 16 = any (array(select generate_series(
  (select n >> 16 from leases where state = 'open' order by n >> 16 limit 1), (select n >> 16 from leases where state = 'open' order by n >> 16 desc limit 1))))`

// AddLease adds; ErrTaken when its id or key is, or when another exclusive lease
// of the credential is open.
func (t *txn) AddLease(ctx context.Context, l vault.Lease) error {
	if err := t.insert(ctx, "leases", leaseColumns, t.leaseValues(l, max(l.Version, 1))...); err != nil {
		return err
	}
	return t.alone(ctx, l)
}

// ChangeLease writes the next version.
func (t *txn) ChangeLease(ctx context.Context, l vault.Lease) error {
	values := append([]any{l.ID, l.Version}, t.leaseValues(l, l.Version+1)[1:]...)
	n, err := t.Tx.Exec(ctx, `update leases set (credential_id, actor_key, exclusive, idempotency, due, state, ended, version, body)
  = ($3, $4, $5, $6, $7, $8, $9, $10, $11) where `+leaseNamed+" and version = $2", values...)
	if err != nil || n > 0 {
		return refused(err)
	}
	if _, err := t.Lease(ctx, l.ID); err != nil {
		return err
	}
	return vault.ErrStale
}
