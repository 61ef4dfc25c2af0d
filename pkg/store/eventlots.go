package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// words is a range of words of places: from low on, below high.
type words struct{ low, high string }

// wordsOf are those that the places have of all events that are looked for.
func wordsOf(c vault.EventCriteria) (words, bool) {
	if c.Integration != "" {
		return exactly(wordIntegration + c.Integration), true
	}
	begin, _, pattern := strings.Cut(c.Credential, "*")
	switch {
	case begin == "":
		return words{}, false
	case pattern:
		return words{wordCredential + begin, wordCredential + begin + "\U0010FFFF"}, true
	}
	return exactly(wordCredential + c.Credential), true
}

func exactly(word string) words { return words{word, word + "\x00"} }

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
func (t *txn) entriesInLots(ctx context.Context, c vault.EventCriteria, after place, in words) (rows []entry, whole bool, err error) {
	most := c.Limit + packed
	if rows, err = t.looseEntries(ctx, c, after, most); err != nil {
		return nil, false, err
	}
	last := lot{number: -1}
	for count := firstLots; ; count = min(4*count, mostLots) {
		lots, err := t.lotsBeyond(ctx, c, after, last, count)
		if err != nil {
			return nil, false, err
		}
		if len(lots) == 0 || settled(rows, most, lots[0], c.OldestFirst) {
			break
		}
		some, err := t.placed(ctx, c, after, in, lots, most)
		if err != nil {
			return nil, false, err
		}
		last, rows = lots[len(lots)-1], append(rows, some...)
		slices.SortFunc(rows, func(a, b entry) int { return a.compare(b, c.OldestFirst) })
	}
	rows = rows[:min(len(rows), most+1)]
	return rows, len(rows) <= most, nil
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

// placed reads what the places in some lots name.
func (t *txn) placed(ctx context.Context, c vault.EventCriteria, after place, in words, lots []lot, most int) ([]entry, error) {
	numbers := make([]int64, len(lots))
	for n, l := range lots {
		numbers[n] = l.number
	}
	var w where
	w.and("seq in (select p.seq from json_each(?) j cross join event_places p on p.lot = j.value and p.word >= ? and p.word < ?)", listed(numbers), in.low, in.high)
	return t.theseEntries(ctx, c, after, w, most)
}

// theseEntries reads rows by their sequence, and sorts them.
func (t *txn) theseEntries(ctx context.Context, c vault.EventCriteria, after place, w where, most int) ([]entry, error) {
	w.events(c)
	w.beyond(sqldb.SQLite, after, c.OldestFirst)
	by := " order by +at desc, +seq desc"
	if c.OldestFirst {
		by = " order by +at, +seq"
	}
	return sqldb.All(ctx, t.Tx, scanEntry, t.records+w.String()+by+limit(most), w.args...)
}

// lotsBeyond lists the lots that follow one in the order of the search, as far as
// they may hold what is looked for.
func (t *txn) lotsBeyond(ctx context.Context, c vault.EventCriteria, after place, last lot, count int) ([]lot, error) {
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
	case last.number >= 0 && c.OldestFirst:
		w.and("(least, lot) > (?, ?)", last.bound, last.number)
	case last.number >= 0:
		w.and("(most, lot) < (?, ?)", last.bound, last.number)
	}
	return sqldb.All(ctx, t.Tx, func(r sqldb.Row) (l lot, err error) { err = r.Scan(&l.number, &l.bound); return l, err },
		"select lot, "+bound+" from event_lots"+w.String()+by+limit(count-1), w.args...)
}
