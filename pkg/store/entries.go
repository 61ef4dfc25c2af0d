package store

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// An entry is the records that one row of events holds.
type entry []audit.Record

// packed is how many records a row holds at most.
const packed = 4

// entries splits records into rows: what is searched by the same words stands
// together.
func entries(records []audit.Record) []entry {
	var all []entry
	for _, r := range records {
		if n := len(all) - 1; n >= 0 && all[n].takes(r.Event) {
			all[n] = append(all[n], r)
			continue
		}
		all = append(all, entry{r})
	}
	return all
}

// takes reports whether an event may stand in the row too.
func (e entry) takes(next audit.Event) bool {
	first := e[0].Event
	return len(e) < packed && !isRare(first.Kind) && !isRare(next.Kind) && (e.released() == "" || next.Released == "") &&
		first.Time.Equal(next.Time) && first.Actor == next.Actor && first.IntegrationID == next.IntegrationID && first.Integration == next.Integration &&
		first.Credential == next.Credential && first.Lease == next.Lease
}

// isRare tells the kinds that are searched by an index.
func isRare(k audit.Kind) bool {
	return !slices.Contains([]audit.Kind{audit.CheckoutIntent, audit.CheckoutOutcome, audit.CheckinIntent, audit.CheckinOutcome}, k)
}

func (e entry) released() string {
	for _, r := range e {
		if r.Event.Released != "" {
			return r.Event.Released
		}
	}
	return ""
}

func (e entry) ordered(oldestFirst bool) entry {
	if !oldestFirst {
		slices.Reverse(e)
	}
	return e
}

func (e entry) kinds() string {
	kinds := make([]string, len(e))
	for i, r := range e {
		kinds[i] = string(r.Event.Kind)
	}
	return strings.Join(kinds, " ")
}

// keys are the columns that repeat the body, in the order of eventColumns.
func (e entry) keys() []any {
	v := e[0].Event
	return []any{micros(v.Time), e.kinds(), truth(isRare(v.Kind)), vault.Fold(v.Actor), v.IntegrationID, vault.Fold(v.Integration), vault.Fold(v.Credential), v.Lease, e.released()}
}

// values are the columns of the row, after the chain.
func (e entry) values() []any {
	var hashes, body []byte
	for _, r := range e {
		hashes = append(hashes, r.Hash[:]...)
		text := r.Event.Encode()
		body = append(binary.AppendUvarint(body, uint64(len(text))), text...)
	}
	return append(append([]any{int64(e[len(e)-1].Seq), e[0].Prev[:], hashes}, e.keys()...), body)
}

// scanEntry reads a row and refuses one whose columns don't say what its body
// says: what search finds must be what was hashed. Then it returns one record,
// which tells the place.
func scanEntry(row sqldb.Row) (entry, error) {
	var chain string
	var seq, at, rare int64
	var prev, hashes, body []byte
	var texts [7]string // kind, actor and on, without rare
	into := []any{&chain, &seq, &prev, &hashes, &at, &texts[0], &rare}
	for i := range texts[1:] {
		into = append(into, &texts[i+1])
	}
	if err := row.Scan(append(into, &body)...); err != nil {
		return entry{{Chain: chain}}, err
	}
	place := audit.Record{Chain: chain, Seq: uint64(seq - int64(len(hashes)/len(audit.Hash{})) + 1)}
	e, ok := unpack(place, prev, hashes, body)
	if !ok {
		return entry{place}, broken(place, "its body can't be read")
	}
	says := []any{at, texts[0], rare}
	for _, text := range texts[1:] {
		says = append(says, text)
	}
	if !slices.Equal(e.keys(), says) {
		return entry{place}, broken(place, "its columns don't say what its body says")
	}
	return e, nil
}

// unpack reads a body of as many records as there are hashes.
func unpack(first audit.Record, prev, hashes, body []byte) (entry, bool) {
	var e entry
	next := first
	copy(next.Prev[:], prev)
	for hash := range slices.Chunk(hashes, len(audit.Hash{})) {
		size, used := binary.Uvarint(body)
		if used <= 0 || size > uint64(len(body)-used) {
			return nil, false
		}
		event, err := audit.Decode(body[used : used+int(size)])
		if err != nil {
			return nil, false
		}
		body = body[used+int(size):]
		copy(next.Hash[:], hash)
		next.Event = event
		e = append(e, next)
		next = audit.Record{Chain: first.Chain, Seq: next.Seq + 1, Prev: next.Hash}
	}
	return e, len(e) > 0 && len(body) == 0
}

func broken(r audit.Record, how string) error {
	return pam.Failf(pam.ErrOther, "the record of events is broken: %w", &audit.BrokenError{Chain: r.Chain, Seq: r.Seq, Problem: how}).
		WithHint("somebody or something changed the store beneath the program: keep a copy, and compare with the last backup")
}
