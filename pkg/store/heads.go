package store

import (
	"context"
	"errors"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// end is where the chain of a slot stands: as it is kept, and as it will be when
// the transaction that runs is committed.
type end struct {
	owned  bool // the chain belongs to this slot's connection (PostgreSQL)
	loaded bool // kept is what the database has
	kept   audit.Head
	next   audit.Head
	rules  bool     // the transaction changes a policy or an integration
	alone  []string // policies of one holder among them

	records []audit.Record // room for those of a transaction (SQLite)

	standing *standing // nil: nothing is known (SQLite)

	known   bool              // kept is what the file had at version (SQLite)
	version sqldb.DataVersion // of the transaction that runs, when current; else of the last one
	current bool
}

func headOf(slot *sqldb.Slot) *end {
	e, ok := slot.Value.(*end)
	if !ok {
		e = &end{}
		slot.Value = e
	}
	return e
}

// mark returns what undoes the changes of one unit.
func (e *end) mark() (undo func()) {
	loaded, next := e.loaded, e.next
	return func() {
		e.next = next
		if !loaded {
			e.next = e.kept
		}
	}
}

// chainLost tells that another process went on with our chain: something
// between us and PostgreSQL hands one session to several.
func chainLost(err error) bool {
	c, ok := errors.AsType[*sqldb.ConstraintError](err)
	return ok && c.Name == "events_place"
}

// flushHead writes the new end of the chain, once for all units of a transaction.
func flushHead(ctx context.Context, tx *sqldb.Tx) error {
	e := headOf(tx.Slot)
	if e.rules && tx.Dialect() == sqldb.PostgreSQL {
		if err := tx.Later(ctx, "select set_config('lock_timeout', '2s', true), pg_advisory_xact_lock("+rulesLock+")"); err != nil {
			return err
		}
	}
	if err := crowdsOf(ctx, tx, e.alone); err != nil {
		return err
	}
	if e.next.Seq == e.kept.Seq {
		return nil
	}
	if tx.Dialect() == sqldb.SQLite && crossed(e.kept.Seq, e.next.Seq) {
		if err := fillLots(ctx, tx, e.next.Seq); err != nil {
			return err
		}
	}
	return tx.Later(ctx, `insert into heads (chain, seq, hash, mac) values ($1, $2, $3, $4)
on conflict (chain) do update set seq = excluded.seq, hash = excluded.hash, mac = excluded.mac`,
		e.next.Chain, int64(e.next.Seq), e.next.Hash[:], e.next.MAC[:])
}

// settleHead takes over what was committed. Another process may go on with the
// chain of a SQLite file, so there Head looks whether one did, each time; and what
// became of a commit that failed is not known.
func settleHead(slot *sqldb.Slot, committed bool) {
	e := headOf(slot)
	if committed {
		e.kept = e.next
	}
	if !committed || !e.owned {
		e.loaded = false
	}
	e.known, e.current = e.known && committed, false
	e.next, e.rules, e.alone = e.kept, false, nil
}

// Head is the end of the chain that this unit goes on with.
func (t *txn) Head(ctx context.Context) (audit.Head, error) {
	e := headOf(t.Slot)
	if e.loaded {
		return e.next, nil
	}
	var err error
	if t.Dialect() == sqldb.SQLite {
		err = t.loadHead(ctx, e)
	} else {
		err = t.claimHead(ctx, e)
	}
	e.next = e.kept
	return e.next, err
}

const selectHead = "select chain, seq, hash, mac from heads"

// look finds out the version of the data that this transaction sees. What is known of
// another version is known no more.
func (t *txn) look(ctx context.Context, e *end) error {
	if e.current {
		return nil
	}
	version, err := t.DataVersion(ctx)
	if version != e.version || err != nil {
		e.known, e.standing = false, nil
	}
	e.version, e.current = version, err == nil
	return err
}

// loadHead reads the one chain of a SQLite file, unless it is known.
func (t *txn) loadHead(ctx context.Context, e *end) error {
	if err := t.look(ctx, e); err != nil {
		return err
	}
	if e.known {
		e.loaded = true
		return nil
	}
	heads, err := sqldb.All(ctx, t.Tx, scanHead, selectHead+" order by chain desc limit 1")
	e.known = err == nil
	return t.setHead(e, heads, err)
}

// claimHead finds the chain of this connection again, or takes one that no
// living connection has, or begins one. The lock is the connection's, and goes
// with it. The head is read after the lock was taken, for what the first query
// saw may be older than what the last owner wrote.
func (t *txn) claimHead(ctx context.Context, e *end) error {
	if !e.owned {
		var chain string
		found, err := sqldb.One(ctx, t.Tx, "select chain from heads where pg_try_advisory_lock(hashtextextended(chain, 7)) limit 1", nil, []any{&chain})
		if err != nil {
			return err
		}
		if !found {
			chain = t.newID()
			if err := sqldb.Each(ctx, t.Tx, func(sqldb.Row) error { return nil }, "select pg_advisory_lock(hashtextextended($1, 7))", chain); err != nil {
				return err
			}
		}
		e.owned, e.kept = true, audit.Head{Chain: chain}
	}
	heads, err := sqldb.All(ctx, t.Tx, scanHead, selectHead+" where chain = $1", e.kept.Chain)
	if err == nil && len(heads) == 0 {
		heads = []audit.Head{{Chain: e.kept.Chain}}
	}
	return t.setHead(e, heads, err)
}

func (t *txn) setHead(e *end, heads []audit.Head, err error) error {
	switch {
	case err != nil:
		return err
	case len(heads) == 0:
		e.kept = audit.Head{Chain: t.newID()}
	default:
		e.kept = heads[0]
	}
	e.loaded = true
	return nil
}

func scanHead(r sqldb.Row) (h audit.Head, err error) {
	var seq int64
	var hash, mac []byte
	err = r.Scan(&h.Chain, &seq, &hash, &mac)
	h.Seq = uint64(seq)
	copy(h.Hash[:], hash)
	copy(h.MAC[:], mac)
	return h, err
}

// Heads lists the ends of all chains.
func (t *txn) Heads(ctx context.Context) ([]audit.Head, error) {
	return sqldb.All(ctx, t.Tx, scanHead, selectHead+" order by chain")
}
