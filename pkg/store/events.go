package store

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const (
	eventColumns = "chain, seq, prev, hash, at, kind, actor, integration_id, integration, credential, lease, released, body"
	insertEvent  = "into events (" + eventColumns + ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
)

// eventKeys are the columns that repeat the body, in the order of eventColumns.
func eventKeys(e audit.Event) []any {
	return []any{micros(e.Time), string(e.Kind), vault.Fold(e.Actor), e.IntegrationID, vault.Fold(e.Integration), vault.Fold(e.Credential), e.Lease, e.Released}
}

// AddRecords adds records that were linked to the head of this unit.
func (t *txn) AddRecords(ctx context.Context, records []audit.Record, head audit.Head) error {
	e := headOf(t.Slot)
	if n := uint64(len(records)); n == 0 || !e.loaded || head.Chain != e.next.Chain || head.Seq != e.next.Seq+n || records[0].Seq != e.next.Seq+1 {
		return pam.Failf(pam.ErrOther, "events were not linked to the head of their unit").WithHint("this is a fault of the program; nothing was changed")
	}
	insert := "insert "
	if t.Dialect() == sqldb.SQLite {
		insert = "insert or fail " // one row each: there is nothing to undo, and no copy is made for that
	}
	for _, r := range records {
		values := append([]any{r.Chain, int64(r.Seq), r.Prev[:], r.Hash[:]}, eventKeys(r.Event)...)
		if err := t.Later(ctx, insert+insertEvent, append(values, r.Event.Encode())...); err != nil {
			return err
		}
	}
	e.next = head
	return nil
}

// scanRecord reads a row and refuses one whose columns don't say what its body
// says: what search finds must be what was hashed.
func scanRecord(row sqldb.Row) (r audit.Record, err error) {
	var seq, at int64
	var prev, hash, body []byte
	var texts [7]string
	into := []any{&r.Chain, &seq, &prev, &hash, &at}
	for i := range texts {
		into = append(into, &texts[i])
	}
	if err := row.Scan(append(into, &body)...); err != nil {
		return r, err
	}
	r.Seq = uint64(seq)
	copy(r.Prev[:], prev)
	copy(r.Hash[:], hash)
	if r.Event, err = audit.Decode(body); err != nil {
		return r, broken(r, "its body can't be read")
	}
	for i, key := range eventKeys(r.Event) {
		if i == 0 && key != at || i > 0 && key != texts[i-1] {
			return r, broken(r, "its columns don't say what its body says")
		}
	}
	return r, nil
}

func broken(r audit.Record, how string) error {
	return pam.Failf(pam.ErrOther, "the record of events is broken: %w", &audit.BrokenError{Chain: r.Chain, Seq: r.Seq, Problem: how}).
		WithHint("somebody or something changed the store beneath the program: keep a copy, and compare with the last backup")
}

// Events lists by time, chain and sequence.
func (t *txn) Events(ctx context.Context, c vault.EventCriteria) (vault.Page[audit.Record], error) {
	var w where
	w.events(c)
	order, beyond := " order by at desc, chain desc, seq desc", "<"
	if c.OldestFirst {
		order, beyond = " order by at, chain, seq", ">"
	}
	if !c.After.IsZero() {
		at, seq, err := parsePlace(c.After.Key)
		if err != nil {
			return vault.Page[audit.Record]{}, err
		}
		w.and("(at, chain, seq) "+beyond+" (?, ?, ?)", at, c.After.ID, seq)
	}
	return page(ctx, t, c.Paging, scanRecord, func(r audit.Record) vault.Cursor {
		return vault.Cursor{Key: fmt.Sprintf("%d.%d", micros(r.Event.Time), r.Seq), ID: r.Chain}
	}, "select "+eventColumns+" from events"+w.String()+order+w.limit(c.Limit), w.args)
}

func parsePlace(key string) (at, seq int64, err error) {
	first, second, _ := strings.Cut(key, ".")
	at, err1 := strconv.ParseInt(first, 10, 64)
	seq, err2 := strconv.ParseInt(second, 10, 64)
	if err1 != nil || err2 != nil {
		return 0, 0, badCursor()
	}
	return at, seq, nil
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

// frequent are the kinds that the index of kinds leaves out.
const frequent = "('checkout.intent', 'checkout.outcome', 'checkin.intent', 'checkin.outcome')"

func (w *where) eventKinds(kinds []audit.Kind) {
	if len(kinds) == 0 {
		return
	}
	rare, args := true, make([]any, len(kinds))
	for i, k := range kinds {
		args[i] = string(k)
		rare = rare && !strings.Contains(frequent, "'"+string(k)+"'")
	}
	w.and("kind in ("+marks(len(kinds))+")", args...)
	if rare {
		w.and("kind not in " + frequent)
	}
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// walk is how many rows Records reads at a time.
const walk = 1000

// Records walks over all records.
func (t *txn) Records(ctx context.Context) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		chain, seq := "", int64(0)
		for {
			records, err := sqldb.All(ctx, t.Tx, scanRecord, "select "+eventColumns+" from events where (chain, seq) > ($1, $2) order by chain, seq limit $3", chain, seq, int64(walk))
			for i, r := range records {
				if last := i == len(records)-1; last && err != nil {
					yield(r, err)
					return
				}
				if !yield(r, nil) {
					return
				}
				chain, seq = r.Chain, int64(r.Seq)
			}
			if err != nil {
				yield(audit.Record{}, err)
				return
			}
			if len(records) < walk {
				return
			}
		}
	}
}
