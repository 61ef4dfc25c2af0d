package store

import (
	"context"
	"math"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// spanBits tells the length of a span, which PostgreSQL's indexes of events by
// integration and by credential begin with: 2^32 microseconds, 71 minutes.
const spanBits = 32

// mostSpans is how many spans one question looks through: one at first, for most
// pages are full soon.
const mostSpans = 4096

// entriesInSpans reads as entriesBeyond does, span after span in the order of the
// search. Times in which nothing happened are passed over.
func (t *txn) entriesInSpans(ctx context.Context, c vault.EventCriteria, after place) (rows []entry, whole bool, err error) {
	most, edge, step := c.Limit+packed, newest(c, after), int64(-1)
	if c.OldestFirst {
		edge, step = oldest(c, after), 1
	}
	for count := int64(1); len(rows) <= most; count = min(4*count, mostSpans) {
		first, found, err := t.spanAt(ctx, c, edge)
		if err != nil || !found {
			return rows, true, err
		}
		last := first + step*(count-1)
		some, err := t.spanned(ctx, c, after, []any{first, last, step}, most)
		if err != nil {
			return nil, false, err
		}
		rows, edge = append(rows, some...), last<<spanBits-1
		if c.OldestFirst {
			edge = (last + 1) << spanBits
		}
	}
	return rows[:most+1], false, nil
}

// newest is the time of the latest event that may be found.
func newest(c vault.EventCriteria, after place) int64 {
	at := int64(math.MaxInt64)
	if !c.Until.IsZero() {
		at = micros(c.Until) - 1
	}
	if after.set {
		at = min(at, after.at)
	}
	return at
}

// oldest is that of the earliest.
func oldest(c vault.EventCriteria, after place) int64 {
	at := int64(math.MinInt64)
	if !c.Since.IsZero() {
		at = micros(c.Since)
	}
	if after.set {
		at = max(at, after.at)
	}
	return at
}

// spanAt finds the span of the first event from a time on, in the order of the
// search, unless all those that may be found were looked through.
func (t *txn) spanAt(ctx context.Context, c vault.EventCriteria, from int64) (span int64, found bool, err error) {
	query, bounds := "select at from events where at between $1 and $2 order by at desc limit 1", []any{oldest(c, place{}), from}
	if c.OldestFirst {
		query, bounds = "select at from events where at between $1 and $2 order by at limit 1", []any{from, newest(c, place{})}
	}
	var at int64
	found, err = sqldb.One(ctx, t.Tx, query, bounds, []any{&at})
	return at >> spanBits, found, err
}

// spanned reads what some spans hold: of each not more than are asked for, and of
// none that comes after enough. The order names the span too, so that the rows of
// one are taken from the index in their order, and spans are sorted one by one.
func (t *txn) spanned(ctx context.Context, c vault.EventCriteria, after place, spans []any, most int) ([]entry, error) {
	w := where{args: spans}
	w.and("at >> 32 = span")
	w.events(c)
	w.beyond(sqldb.PostgreSQL, after, c.OldestFirst)
	down := !c.OldestFirst
	return sqldb.All(ctx, t.Tx, scanEntry, "select e.* from (select generate_series($1::bigint, $2::bigint, $3::bigint) span"+orderBy(down, "span")+") spans cross join lateral ("+
		t.records+w.String()+orderBy(down, "at >> 32", "at", "chain", "seq")+limit(most)+") e"+orderBy(down, "span", "at", "chain", "seq")+limit(most), w.args...)
}
