package store

import (
	"context"
	"slices"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// misplaced counts the open leases and the lots of events that a search would miss,
// or miss something in.
func misplaced(ctx context.Context, tx *sqldb.Tx) (leases, lots int64, err error) {
	var end int64
	if _, err = sqldb.One(ctx, tx, misplacedLeases, nil, []any{&leases}); err != nil {
		return 0, 0, err
	}
	if _, err = sqldb.One(ctx, tx, "select coalesce(max(seq), 0) >> 10 from events", nil, []any{&end}); err != nil {
		return 0, 0, err
	}
	// Events of lots that nobody has filled yet are found without one.
	if _, err = sqldb.One(ctx, tx, "select count(*), min($1, "+looseEvents+" >> 10) from event_lots where lot >= $1", []any{end}, []any{&lots, &end}); err != nil {
		return 0, 0, err
	}
	for lot := range end {
		wrong, err := eventLotIsWrong(ctx, tx, lot)
		if err != nil {
			return 0, 0, err
		}
		lots += truth(wrong)
	}
	return leases, lots, nil
}

func eventLotIsWrong(ctx context.Context, tx *sqldb.Tx, lot int64) (bool, error) {
	want, err := eventLot(ctx, tx, lot)
	if err != nil {
		return false, err
	}
	var least, most int64
	var words []byte
	found, err := sqldb.One(ctx, tx, "select least, most, words from event_lots where lot = $1", []any{lot}, []any{&least, &most, &words})
	return found != (want.rows > 0) || found && (least != want.least || most != want.most || !slices.Equal(words, want.words)), err
}
