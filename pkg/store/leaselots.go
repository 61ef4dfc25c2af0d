package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// fillLeaseLots adds the lots of leases that are whole, and drops some of those of
// which no lease is open any more.
func fillLeaseLots(ctx context.Context, tx *sqldb.Tx) error {
	var lot, end int64
	if _, err := sqldb.One(ctx, tx, "select "+looseLeases+" >> 10, (select coalesce(max(n), 0) >> 10 from leases)", nil, []any{&lot, &end}); err != nil || lot >= end {
		return err
	}
	for ; lot < end; lot++ {
		open, words, err := leaseLot(ctx, tx, lot)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into lease_lots (lot, open) values ($1, $2)", lot, open); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert or replace into lease_words (lot, words) values ($1, $2)", lot, []byte(words)); err != nil {
			return err
		}
	}
	return dropLeaseLots(ctx, tx, end)
}

// leaseLot is how many leases of a lot are open, and their words.
func leaseLot(ctx context.Context, tx *sqldb.Tx, lot int64) (open int64, packed lotWords, err error) {
	var words []lotWord
	err = sqldb.Each(ctx, tx, func(r sqldb.Row) error {
		var n int64
		var holder, credential string
		err := r.Scan(&n, &holder, &credential)
		open++
		words = append(words, lotWord{wordHolder + holder, n - lot<<lotBits}, lotWord{wordCredential + credential, n - lot<<lotBits})
		return err
	}, "select n, actor_key, credential_id from leases where n >= $1 and n < $2 and state = 'open'", lot<<lotBits, (lot+1)<<lotBits)
	return open, packWords(words), err
}

// sweep is in how many turns all lots are looked at, whether they are empty.
const sweep = 64

// dropLeaseLots drops lots without an open lease, but not the last, after which the
// leases begin that are in none.
func dropLeaseLots(ctx context.Context, tx *sqldb.Tx, turn int64) error {
	dropped, err := sqldb.All(ctx, tx, func(r sqldb.Row) (lot int64, err error) { err = r.Scan(&lot); return lot, err },
		"delete from lease_lots where lot % $1 = $2 and lot < (select max(lot) from lease_lots) and open = 0 returning lot", int64(sweep), turn%sweep)
	if err == nil && len(dropped) > 0 {
		_, err = tx.Exec(ctx, "delete from lease_words where lot in (select value from json_each($1))", listed(dropped))
	}
	return err
}

// inLots adds that a column of leases is as it is named; the lots tell which of
// those that are open are.
func (t *txn) inLots(ctx context.Context, w *where, word, column, named string) error {
	var numbers []int64
	err := sqldb.Each(ctx, t.Tx, func(r sqldb.Row) error {
		var lot int64
		var packed []byte
		if err := r.Scan(&lot, &packed); err != nil {
			return err
		}
		rows, err := lotWords(packed).rowsNamed(words{word + named, false}, lot, "leases")
		numbers = append(numbers, rows...)
		return err
	}, "select l.lot, w.words from lease_lots l join lease_words w on w.lot = l.lot where l.open > 0")
	w.and(column+" = ? and n in (select value from json_each(?) union all select n from leases where n >= "+looseLeases+" and "+column+" = ?)",
		named, listed(numbers), named)
	return err
}
