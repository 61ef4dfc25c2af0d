package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// lotBits tells the size of a lot: 1024 rows. A check-out of a SQLite store adds its
// lease and its events to no index by their words. Those of a whole lot are added
// together, which changes a few pages instead of some for each row. What is in no lot
// is at most as much, and is looked through.
const lotBits = 10

// lotsMigration is the one that makes them as they are now.
const lotsMigration = 12

// What finds the first row that is in no lot.
const (
	looseEvents = "(select coalesce(max(lot) + 1, 0) << 10 from event_lots)"
	looseLeases = "(select coalesce(max(lot) + 1, 0) << 10 from lease_lots)"
)

// The words of lots: a letter, and a text.
const (
	wordIntegration = "i"
	wordCredential  = "c"
	wordHolder      = "a"
)

// crossed reports whether a lot became whole.
func crossed(before, after uint64) bool { return before>>lotBits != after>>lotBits }

// fillLots adds the lots that are whole when the chain ends at seq. One that somebody
// removed from among the others stays away: Check tells of that.
func fillLots(ctx context.Context, tx *sqldb.Tx, seq uint64) error {
	var lot int64
	if _, err := sqldb.One(ctx, tx, "select "+looseEvents+" >> 10", nil, []any{&lot}); err != nil {
		return err
	}
	for ; lot < int64(seq>>lotBits); lot++ {
		l, err := eventLot(ctx, tx, lot)
		if err == nil && l.rows > 0 {
			_, err = tx.Exec(ctx, "insert into event_lots (lot, least, most, words) values ($1, $2, $3, $4)", lot, l.least, l.most, []byte(l.words))
		}
		if err != nil {
			return err
		}
	}
	return fillLeaseLots(ctx, tx)
}

// fillAllLots adds those of a file that has none.
func (s *Store) fillAllLots(ctx context.Context, tx *sqldb.Tx) error {
	heads, err := sqldb.All(ctx, tx, scanHead, selectHead)
	for _, h := range heads {
		if err == nil {
			err = fillLots(ctx, tx, h.Seq)
		}
	}
	return err
}

// eventsOfLot is what a lot of events should be.
type eventsOfLot struct {
	rows        int64
	least, most int64 // microseconds
	words       lotWords
}

func eventLot(ctx context.Context, tx *sqldb.Tx, lot int64) (l eventsOfLot, err error) {
	var words []lotWord
	err = sqldb.Each(ctx, tx, func(r sqldb.Row) error {
		var seq, at int64
		var integration, credential string
		err := r.Scan(&seq, &at, &integration, &credential)
		if l.rows == 0 {
			l.least, l.most = at, at
		}
		l.rows, l.least, l.most = l.rows+1, min(l.least, at), max(l.most, at)
		if integration != "" {
			words = append(words, lotWord{wordIntegration + integration, seq - lot<<lotBits})
		}
		if credential != "" {
			words = append(words, lotWord{wordCredential + credential, seq - lot<<lotBits})
		}
		return err
	}, "select seq, at, integration, credential from events where seq >= $1 and seq < $2", lot<<lotBits, (lot+1)<<lotBits)
	l.words = packWords(words)
	return l, err
}
