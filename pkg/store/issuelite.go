package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// addStanding adds the leases whose grounds are as they were to a SQLite store, and
// tells which it could add.
func (t *txn) addStanding(ctx context.Context, all []*issue) ([]bool, error) {
	s, err := t.stands(ctx)
	if err != nil {
		return nil, err
	}
	added, good := make([]bool, len(all)), make([]*issue, 0, len(all))
	for n, i := range all {
		if added[n], err = s.bears(ctx, t, i); err != nil {
			return nil, err
		}
		if added[n] {
			good = append(good, i)
		}
	}
	if t.Hopeful {
		return added, t.addFew(ctx, good)
	}
	for n, i := range all {
		if !added[n] {
			continue
		}
		if added[n], err = t.addOne(ctx, i); err != nil {
			return nil, err
		}
	}
	return added, nil
}

// addFew adds all, a few with each statement, or fails.
func (t *txn) addFew(ctx context.Context, all []*issue) error {
	var values []any
	for len(all) > 0 {
		var some []*issue
		some, all = few(all, sqldb.SQLite)
		values = values[:0]
		for _, i := range some {
			values = append(values, i.lite()...)
		}
		if _, err := t.Tx.Exec(ctx, t.addLeases[len(some)-1], values...); err != nil {
			return err
		}
	}
	return nil
}

// addOne adds a lease, unless there is one in its way.
func (t *txn) addOne(ctx context.Context, i *issue) (bool, error) {
	n, err := t.Tx.Exec(ctx, t.addLease, i.lite()...)
	return n > 0, refused(err)
}

// lite are the values of liteLease.
func (i *issue) lite() []any {
	l := &i.Lease
	return []any{l.ID, l.CredentialID, i.holder, truth(l.Exclusive), l.Key, micros(l.Due), i.body}
}

const liteLease = "(?, ?, ?, ?, ?, ?, 'open', 0, 1, ?)"
