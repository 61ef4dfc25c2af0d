package store

import (
	"context"
	"slices"

	"github.com/redim-tools/redim/pkg/store/sqldb"
)

// misplaced counts the lots that are not what their rows say.
func misplaced(ctx context.Context, tx *sqldb.Tx) (count int64, err error) {
	var events, leases int64
	if _, err := sqldb.One(ctx, tx, "select "+looseEvents+" >> 10, "+looseLeases+" >> 10", nil, []any{&events, &leases}); err != nil {
		return 0, err
	}
	for n, misses := range []func(context.Context, *sqldb.Tx, int64) (bool, error){eventLotMisses, leaseLotMisses} {
		for lot := range []int64{events, leases}[n] {
			missed, err := misses(ctx, tx, lot)
			if err != nil {
				return count, err
			}
			count += truth(missed)
		}
	}
	return count, nil
}

func eventLotMisses(ctx context.Context, tx *sqldb.Tx, lot int64) (bool, error) {
	want, err := eventLot(ctx, tx, lot)
	if err != nil {
		return false, err
	}
	var least, most int64
	var words []byte
	found, err := sqldb.One(ctx, tx, "select least, most, words from event_lots where lot = $1", []any{lot}, []any{&least, &most, &words})
	return found != (want.rows > 0) || found && (least != want.least || most != want.most || !slices.Equal(words, want.words)), err
}

// leaseLotMisses looks for those that are open: a lot may name more, which have ended
// since it became whole.
func leaseLotMisses(ctx context.Context, tx *sqldb.Tx, lot int64) (bool, error) {
	want, words, err := leaseLot(ctx, tx, lot)
	if err != nil {
		return false, err
	}
	var open int64
	var packed []byte
	found, err := sqldb.One(ctx, tx, "select l.open, w.words from lease_lots l join lease_words w on w.lot = l.lot where l.lot = $1", []any{lot}, []any{&open, &packed})
	if err != nil || !found {
		return want > 0, err
	}
	return open != want || !lotWords(packed).holds(words), nil
}

// holds reports whether all words of another lot are there too, and lead to the same rows.
func (l lotWords) holds(other lotWords) bool {
	there, err := l.all()
	wanted, err2 := other.all()
	if err != nil || err2 != nil {
		return false
	}
	missing := map[lotWord]bool{}
	for _, w := range wanted {
		missing[w] = true
	}
	for _, w := range there {
		delete(missing, w)
	}
	return len(missing) == 0
}
