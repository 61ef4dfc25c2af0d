package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// lotBits tells the size of a lot: 1024 rows. A check-out of a SQLite store adds
// no places of its lease and its events; those of a whole lot are added together,
// in their order, which changes a few pages instead of some for each row. What is
// in no lot is at most as much, and is looked through.
const lotBits = 10

// lotsMigration is the one that makes them.
const lotsMigration = 9

// What finds the first row that is in no lot.
const (
	looseEvents = "(select coalesce(max(lot) + 1, 0) << 10 from event_lots)"
	looseLeases = "(select coalesce(max(lot) + 1, 0) << 10 from lease_lots)"
)

// The words of places: a letter, and a text.
const (
	wordIntegration = "i"
	wordCredential  = "c"
	wordHolder      = "a"
)

// crossed reports whether a lot became whole.
func crossed(before, after uint64) bool { return before>>lotBits != after>>lotBits }

// fillLots adds the lots that are whole when the chain ends at seq. What somebody
// left of a lot that he removed is not in its way: Check tells of that.
func fillLots(ctx context.Context, tx *sqldb.Tx, seq uint64) error {
	end := int64(seq >> lotBits << lotBits)
	var begin int64
	if _, err := sqldb.One(ctx, tx, "select "+looseEvents, nil, []any{&begin}); err != nil {
		return err
	}
	for _, fill := range []string{
		"insert or ignore into event_lots (lot, least, most) select seq >> 10, min(at), max(at) from events where seq >= $1 and seq < $2 group by 1",
		`insert or ignore into event_places (lot, word, seq)
select seq >> 10, 'i' || integration, seq from events where seq >= $1 and seq < $2 and integration <> ''
union all select seq >> 10, 'c' || credential, seq from events where seq >= $1 and seq < $2 and credential <> '' order by 1, 2, 3`,
	} {
		if _, err := tx.Exec(ctx, fill, begin, end); err != nil {
			return err
		}
	}
	return fillLeaseLots(ctx, tx)
}

// fillLeaseLots adds the lots of leases that are whole, and drops some of those that
// have become empty.
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

// misplaced counts the events and the open leases that have not the places that
// they should have.
const misplaced = `select (select count(*) from events e where seq < ` + looseEvents + ` and (
    not exists (select 1 from event_lots l where l.lot = e.seq >> 10 and e.at between l.least and l.most)
    or integration <> '' and not exists (select 1 from event_places p where p.lot = e.seq >> 10 and p.word = 'i' || e.integration and p.seq = e.seq)
    or credential <> '' and not exists (select 1 from event_places p where p.lot = e.seq >> 10 and p.word = 'c' || e.credential and p.seq = e.seq)))
  + (select count(*) from leases e where state = 'open' and n < ` + looseLeases + ` and (
    not exists (select 1 from lease_lots l where l.lot = e.n >> 10)
    or not exists (select 1 from lease_places p where p.lot = e.n >> 10 and p.word = 'a' || e.actor_key and p.n = e.n)
    or not exists (select 1 from lease_places p where p.lot = e.n >> 10 and p.word = 'c' || e.credential_id and p.n = e.n)))`
