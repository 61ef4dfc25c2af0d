package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// wordsOf are those that lead to all events that are looked for. Without any, all
// events of all lots are looked at.
func wordsOf(c vault.EventCriteria) words {
	if c.Integration != "" {
		return words{wordIntegration + c.Integration, false}
	}
	begin, _, pattern := strings.Cut(c.Credential, "*")
	if begin == "" {
		return words{}
	}
	return words{wordCredential + begin, pattern}
}

// lot is a lot of events, and the earliest or latest time in it: whichever comes
// first in the order of the search.
type lot struct{ number, bound int64 }

// How many lots one question looks through: few at first, for most pages are full soon.
const (
	firstLots = 4
	mostLots  = 256
)

// entriesInLots reads as entriesBeyond does: what is in no lot, then lot after lot,
// until no other one can have a row that comes before those that are asked for.
func (t *txn) entriesInLots(ctx context.Context, c vault.EventCriteria, after place) (rows []entry, whole bool, err error) {
	most, in := c.Limit+packed, wordsOf(c)
	if rows, err = t.looseEntries(ctx, c, after, most); err != nil {
		return nil, false, err
	}
	var last *lot
	for count := firstLots; ; count = min(4*count, mostLots) {
		lots, err := t.lotsBeyond(ctx, c, after, last, count)
		if err != nil {
			return nil, false, err
		}
		size := max(len(lots), 1)
		if in.text == "" {
			size = 1 // each has many that fit
		}
		for some := range slices.Chunk(lots, size) {
			if settled(rows, most, some[0], c.OldestFirst) {
				return rows, false, nil
			}
			if rows, err = t.withPlaced(ctx, rows, c, after, some, most); err != nil {
				return nil, false, err
			}
		}
		if len(lots) == 0 {
			return rows, len(rows) <= most, nil
		}
		last = &lots[len(lots)-1]
	}
}

// withPlaced adds what some lots have to rows, as far as it may be asked for.
func (t *txn) withPlaced(ctx context.Context, rows []entry, c vault.EventCriteria, after place, lots []lot, most int) ([]entry, error) {
	some, err := t.placed(ctx, c, after, lots, most)
	rows = append(rows, some...)
	slices.SortFunc(rows, func(a, b entry) int { return a.compare(b, c.OldestFirst) })
	return rows[:min(len(rows), most+1)], err
}

// settled reports whether no row of the lot, or of those after it, comes before
// the rows that are asked for, and one more.
func settled(rows []entry, most int, next lot, oldestFirst bool) bool {
	if len(rows) <= most {
		return false
	}
	at := micros(rows[most][0].Event.Time)
	return oldestFirst && at < next.bound || !oldestFirst && at > next.bound
}

// compare is the order of rows: by time, then by sequence.
func (e entry) compare(o entry, oldestFirst bool) int {
	order := cmp.Or(e[0].Event.Time.Compare(o[0].Event.Time), cmp.Compare(e[0].Seq, o[0].Seq))
	if !oldestFirst {
		return -order
	}
	return order
}

func (t *txn) looseEntries(ctx context.Context, c vault.EventCriteria, after place, most int) ([]entry, error) {
	var w where
	w.and("seq >= " + looseEvents)
	return t.theseEntries(ctx, c, after, w, most)
}

// placed reads what words lead to in some lots; without words, all that one lot has.
func (t *txn) placed(ctx context.Context, c vault.EventCriteria, after place, lots []lot, most int) ([]entry, error) {
	var w where
	in := wordsOf(c)
	if in.text == "" {
		w.and("seq >= ? and seq < ?", lots[0].number<<lotBits, (lots[0].number+1)<<lotBits)
		return t.theseEntries(ctx, c, after, w, most)
	}
	places, err := t.placesOf(ctx, in, lots)
	if err != nil {
		return nil, err
	}
	w.and("seq in (select value from json_each(?))", listed(places))
	return t.theseEntries(ctx, c, after, w, most)
}

// placesOf are the rows that words lead to. The words of one lot are in memory at a
// time: those of many with long names would take much.
func (t *txn) placesOf(ctx context.Context, in words, lots []lot) (places []int64, err error) {
	numbers := make([]int64, len(lots))
	for n, l := range lots {
		numbers[n] = l.number
	}
	err = sqldb.Each(ctx, t.Tx, func(r sqldb.Row) error {
		var number int64
		var packed []byte
		if err := r.Scan(&number, &packed); err != nil {
			return err
		}
		rows, err := lotWords(packed).rows(in, number<<lotBits)
		if err != nil {
			return pam.Failf(pam.ErrOther, "lot %d of events: %w", number, err).
				WithHint("somebody or something changed the store beneath the program: keep a copy, and run store check")
		}
		places = append(places, rows...)
		return nil
	}, "select lot, words from event_lots where lot in (select value from json_each($1))", listed(numbers))
	return places, err
}

// theseEntries reads rows by their sequence, and sorts them: before it reads them, for
// their bodies are most of what they are.
func (t *txn) theseEntries(ctx context.Context, c vault.EventCriteria, after place, w where, most int) ([]entry, error) {
	w.events(c)
	w.beyond(sqldb.SQLite, after, c.OldestFirst)
	by := orderBy(!c.OldestFirst, "+at", "+seq")
	return sqldb.All(ctx, t.Tx, scanEntry, t.records+" where seq in (select seq from events"+w.String()+by+limit(most)+")"+by, w.args...)
}

// lotsBeyond lists the lots that follow one in the order of the search, as far as
// they may hold what is looked for.
func (t *txn) lotsBeyond(ctx context.Context, c vault.EventCriteria, after place, last *lot, count int) ([]lot, error) {
	var w where
	if !c.Since.IsZero() {
		w.and("most >= ?", micros(c.Since))
	}
	if !c.Until.IsZero() {
		w.and("least < ?", micros(c.Until))
	}
	bound, by := "most", " order by most desc, lot desc"
	if c.OldestFirst {
		bound, by = "least", " order by least, lot"
	}
	switch {
	case after.set && c.OldestFirst:
		w.and("most >= ?", after.at)
	case after.set:
		w.and("least <= ?", after.at)
	}
	switch {
	case last != nil && c.OldestFirst:
		w.and("(least, lot) > (?, ?)", last.bound, last.number)
	case last != nil:
		w.and("(most, lot) < (?, ?)", last.bound, last.number)
	}
	return sqldb.All(ctx, t.Tx, scanLot, "select lot, "+bound+" from event_lots"+w.String()+by+limit(count-1), w.args...)
}

func scanLot(r sqldb.Row) (l lot, err error) {
	err = r.Scan(&l.number, &l.bound)
	return l, err
}
