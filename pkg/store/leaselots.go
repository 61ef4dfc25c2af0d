package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// fillLeaseLots adds the lots of leases that are whole, and drops some of those that
// have become empty. Each word of an open lease has a row of its own, its place, and
// leaves with it: who looks for what is open finds it among a few, however many have
// ended.
func fillLeaseLots(ctx context.Context, tx *sqldb.Tx) error {
	var begin, end int64
	if _, err := sqldb.One(ctx, tx, "select "+looseLeases+", (select coalesce(max(n), 0) >> 10 << 10 from leases)", nil, []any{&begin, &end}); err != nil || begin >= end {
		return err
	}
	for _, fill := range []string{
		"insert or ignore into lease_lots (lot) select distinct n >> 10 from leases where n >= $1 and n < $2",
		`insert or ignore into lease_places (lot, word, n)
select n >> 10, 'a' || actor_key, n from leases where n >= $1 and n < $2 and state = 'open'
union all select n >> 10, 'c' || credential_id, n from leases where n >= $1 and n < $2 and state = 'open' order by 1, 2, 3`,
	} {
		if _, err := tx.Exec(ctx, fill, begin, end); err != nil {
			return err
		}
	}
	return dropLeaseLots(ctx, tx, end>>lotBits)
}

// sweep is in how many turns all lots are looked at, whether they are empty.
const sweep = 64

// dropLeaseLots drops lots without an open lease, but not the last, after which the
// leases begin that are in none.
func dropLeaseLots(ctx context.Context, tx *sqldb.Tx, turn int64) error {
	_, err := tx.Exec(ctx, `delete from lease_lots where lot % $1 = $2 and lot < (select max(lot) from lease_lots)
  and not exists (select 1 from lease_places p where p.lot = lease_lots.lot)`, int64(sweep), turn%sweep)
	return err
}

// inLots adds that a column of leases is as it is named; the lots tell which of
// those that are open are.
func (w *where) inLots(word, column, named string) {
	w.and(column+" = ? and n in (select p.n from lease_lots l cross join lease_places p on p.lot = l.lot and p.word = ? union all select n from leases where n >= "+
		looseLeases+" and "+column+" = ?)", named, word+named, named)
}

// misplacedLeases counts the open leases that have not the places that they should have.
const misplacedLeases = `select count(*) from leases e where state = 'open' and n < ` + looseLeases + ` and (
    not exists (select 1 from lease_lots l where l.lot = e.n >> 10)
    or not exists (select 1 from lease_places p where p.lot = e.n >> 10 and p.word = 'a' || e.actor_key and p.n = e.n)
    or not exists (select 1 from lease_places p where p.lot = e.n >> 10 and p.word = 'c' || e.credential_id and p.n = e.n))`
