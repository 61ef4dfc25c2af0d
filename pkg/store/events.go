package store

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const eventColumns = "seq, prev, hash, at, kind, rare, actor, integration_id, integration, credential, lease, released, body"

// eventWidth is how many values a row takes, with its chain.
const eventWidth = 14

// AddRecords adds records that were linked to the head of this unit.
func (t *txn) AddRecords(ctx context.Context, records []audit.Record, head audit.Head) error {
	e := headOf(t.Slot)
	if n := uint64(len(records)); n == 0 || !e.loaded || head.Chain != e.next.Chain || head.Seq != e.next.Seq+n || records[0].Seq != e.next.Seq+1 {
		return pam.Failf(pam.ErrOther, "events were not linked to the head of their unit").WithHint("this is a fault of the program; nothing was changed")
	}
	texts := make([][]byte, len(records))
	for n := range records {
		texts[n] = records[n].Event.Encode()
	}
	return t.addEncoded(ctx, records, texts, head)
}

// addEncoded inserts rows, a few with each statement.
func (t *txn) addEncoded(ctx context.Context, records []audit.Record, texts [][]byte, head audit.Head) error {
	var values []any
	for some, rest := few(entries(records), t.Dialect()); len(some) > 0; some, rest = few(rest, t.Dialect()) {
		values = values[:0]
		if t.Dialect() != sqldb.SQLite || values == nil {
			values = make([]any, 0, len(some)*eventWidth) // on PostgreSQL they are sent later
		}
		for _, e := range some {
			if t.Dialect() != sqldb.SQLite {
				values = append(values, e[0].Chain)
			}
			values, texts = e.appendValues(values, texts), texts[len(e):]
		}
		if err := t.Tx.Later(ctx, t.addEvent[len(some)-1], values...); err != nil {
			return err
		}
	}
	headOf(t.Slot).next = head
	return nil
}

// Events lists by time, chain and sequence.
func (t *txn) Events(ctx context.Context, c vault.EventCriteria) (vault.Page[audit.Record], error) {
	after, err := placeOf(c.After)
	if err != nil {
		return vault.Page[audit.Record]{}, err
	}
	var records []audit.Record
	for whole := false; !whole && len(records) <= c.Limit; {
		var rows []entry
		if rows, whole, err = t.entriesBeyond(ctx, c, after); err != nil {
			return vault.Page[audit.Record]{}, err
		}
		for _, e := range rows {
			for _, r := range e.ordered(c.OldestFirst) {
				if !after.before(r, c.OldestFirst) {
					continue
				}
				if after = placeAt(r); fits(c, r) {
					records = append(records, r)
				}
			}
		}
	}
	return paged(records, c.Paging, func(r audit.Record) vault.Cursor {
		return vault.Cursor{Key: fmt.Sprintf("%d.%d", micros(r.Event.Time), r.Seq), ID: r.Chain}
	}), nil
}

// entriesBeyond reads rows, enough for a page and one more; whole says that
// there are no more. Kinds that are rare have an index in both dialects.
func (t *txn) entriesBeyond(ctx context.Context, c vault.EventCriteria, after place) (rows []entry, whole bool, err error) {
	named := wordsOf(c).text != ""
	common := len(c.Kinds) == 0 || slices.ContainsFunc(c.Kinds, func(k audit.Kind) bool { return !isRare(k) })
	switch {
	case t.Dialect() == sqldb.SQLite && (named || common):
		return t.entriesInLots(ctx, c, after)
	case t.Dialect() == sqldb.PostgreSQL && named:
		return t.entriesInSpans(ctx, c, after)
	}
	var w where
	w.events(c)
	w.beyond(t.Dialect(), after, c.OldestFirst)
	most := c.Limit + packed
	rows, err = sqldb.All(ctx, t.Tx, scanEntry, t.records+w.String()+order(t.Dialect(), c.OldestFirst)+limit(most), w.args...)
	return rows, len(rows) <= most, err
}

// fits tells of one record what the columns tell of all in its row.
func fits(c vault.EventCriteria, r audit.Record) bool {
	return (len(c.Kinds) == 0 || slices.Contains(c.Kinds, r.Event.Kind)) && (c.Released == "" || c.Released == r.Event.Released)
}

// place is where a record stands in the order of Events.
type place struct {
	at    int64
	chain string
	seq   int64
	set   bool
}

func placeAt(r audit.Record) place {
	return place{micros(r.Event.Time), r.Chain, int64(r.Seq), true}
}

func placeOf(c vault.Cursor) (place, error) {
	if c.IsZero() {
		return place{}, nil
	}
	first, second, _ := strings.Cut(c.Key, ".")
	at, err1 := strconv.ParseInt(first, 10, 64)
	seq, err2 := strconv.ParseInt(second, 10, 64)
	if err1 != nil || err2 != nil {
		return place{}, badCursor()
	}
	return place{at, c.ID, seq, true}, nil
}

// before reports whether a record comes later than the place.
func (p place) before(r audit.Record, oldestFirst bool) bool {
	order := cmp.Or(cmp.Compare(p.at, micros(r.Event.Time)), cmp.Compare(p.chain, r.Chain), cmp.Compare(p.seq, int64(r.Seq)))
	return !p.set || oldestFirst && order < 0 || !oldestFirst && order > 0
}

// beyond takes the rows that hold records beyond the place. A row is named by
// its last record, so it may be one that stands a little before.
func (w *where) beyond(d sqldb.Dialect, p place, oldestFirst bool) {
	if !p.set {
		return
	}
	beyond, seq := " < ", p.seq+packed // no row ends later that holds a record before it
	if oldestFirst {
		beyond, seq = " > ", p.seq
	}
	if d == sqldb.SQLite {
		w.and("(at, seq)"+beyond+"(?, ?)", p.at, seq)
	} else {
		w.and("(at, chain, seq)"+beyond+"(?, ?, ?)", p.at, p.chain, seq)
	}
}

func order(d sqldb.Dialect, oldestFirst bool) string {
	if d == sqldb.SQLite {
		return orderBy(!oldestFirst, "at", "seq")
	}
	return orderBy(!oldestFirst, "at", "chain", "seq")
}

func badCursor() error {
	return pam.Failf(pam.ErrUsage, "the cursor is none of ours").WithHint("hand back next as it was given, or leave the cursor out")
}

// events adds the conditions. Some repeat the condition of a partial index, for
// the databases use it only where they can tell that it holds.
func (w *where) events(c vault.EventCriteria) {
	if !c.Since.IsZero() {
		w.and("at >= ?", micros(c.Since))
	}
	if !c.Until.IsZero() {
		w.and("at < ?", micros(c.Until))
	}
	if c.IntegrationID != "" {
		w.and("integration_id = ?", c.IntegrationID)
	}
	if c.Integration != "" {
		w.and("integration = ? and integration <> ''", c.Integration)
	}
	w.eventCredential(c.Credential)
	w.eventKinds(c.Kinds)
	if c.Actor != "" {
		w.and("actor = ?", c.Actor)
	}
	if c.Lease != "" {
		w.and("lease = ?", c.Lease)
	}
	if c.Released != "" {
		w.and("released = ?", c.Released)
	}
}

func (w *where) eventCredential(credential string) {
	switch {
	case credential == "":
	case strings.Contains(credential, "*"):
		m := vault.Match{Parts: strings.Split(credential, "*")}
		w.matches("credential", m)
		w.within("credential", m)
		w.and("credential <> ''")
	default:
		w.and("credential = ? and credential <> ''", credential)
	}
}

// eventKinds finds the rows that hold one of the kinds: those that are rare by
// their index, the others by a look into each row.
func (w *where) eventKinds(kinds []audit.Kind) {
	if len(kinds) == 0 {
		return
	}
	var rare, args []any
	var either []string
	for _, k := range kinds {
		if isRare(k) {
			rare = append(rare, string(k))
			continue
		}
		either = append(either, "rare = 0 and kind like ?")
		args = append(args, "%"+string(k)+"%")
	}
	if len(rare) > 0 {
		either = append(either, "rare = 1 and kind in ("+marks(len(rare))+")")
	}
	w.and("("+strings.Join(either, " or ")+")", append(args, rare...)...)
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// walk is how many rows Records reads at a time.
const walk = 1000

// Records walks over all records.
func (t *txn) Records(ctx context.Context) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		last := audit.Record{}
		for {
			rows, err := t.after(ctx, last)
			for i, e := range rows {
				if end := i == len(rows)-1; end && err != nil {
					yield(e[0], err)
					return
				}
				for _, last = range e {
					if !yield(last, nil) {
						return
					}
				}
			}
			if err != nil {
				yield(audit.Record{}, err)
				return
			}
			if len(rows) < walk {
				return
			}
		}
	}
}

// after reads the rows that come after a record, the last of them also when it
// can't be read.
func (t *txn) after(ctx context.Context, last audit.Record) ([]entry, error) {
	if t.Dialect() == sqldb.SQLite {
		return sqldb.All(ctx, t.Tx, scanEntry, t.records+" where seq > $1 order by seq limit $2", int64(last.Seq), int64(walk))
	}
	return sqldb.All(ctx, t.Tx, scanEntry, t.records+" where (chain, seq) > ($1, $2) order by chain, seq limit $3", last.Chain, int64(last.Seq), int64(walk))
}
