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
	for begin := 0; begin < len(records); {
		end := begin + 1
		for end < len(records) && entry(records[begin:end]).takes(&records[end].Event) {
			end++
		}
		all = append(all, records[begin:end])
		begin = end
	}
	return all
}

// takes reports whether an event may stand in the row too.
func (e entry) takes(next *audit.Event) bool {
	first := &e[0].Event
	return len(e) < packed && !isRare(first.Kind) && !isRare(next.Kind) && (e.released() == "" || next.Released == "") && shared(first) == shared(next)
}

// sharedKeys are what is searched by and is the same of all records in a row.
type sharedKeys struct {
	at                                                   int64
	actor, integrationID, integration, credential, lease string
}

func shared(v *audit.Event) sharedKeys {
	return sharedKeys{micros(v.Time), vault.Fold(v.Actor), v.IntegrationID, vault.Fold(v.Integration), vault.Fold(v.Credential), v.Lease}
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

// appendValues adds the columns of the row, after the chain. texts are the canonical
// forms of its events.
func (e entry) appendValues(values []any, texts [][]byte) []any {
	hashes, body := make([]byte, 0, len(e)*len(audit.Hash{})), make([]byte, 0, len(e)*512)
	for n := range e {
		hashes = append(hashes, e[n].Hash[:]...)
		body = append(binary.AppendUvarint(body, uint64(len(texts[n]))), texts[n]...)
	}
	k := shared(&e[0].Event)
	return append(values,
		int64(e[len(e)-1].Seq), e[0].Prev[:], hashes, k.at, e.kinds(), truth(isRare(e[0].Event.Kind)),
		k.actor, k.integrationID, k.integration, k.credential, k.lease, e.released(), body,
	)
}

// scanEntry reads a row and refuses one whose columns don't say what its body
// says: what search finds must be what was hashed. Then it returns one record,
// which tells the place.
func scanEntry(row sqldb.Row) (entry, error) {
	var chain, kinds, released string
	var seq, rare int64
	var k sharedKeys
	var prev, hashes, body []byte
	if err := row.Scan(&chain, &seq, &prev, &hashes, &k.at, &kinds, &rare, &k.actor, &k.integrationID, &k.integration, &k.credential, &k.lease, &released, &body); err != nil {
		return entry{{Chain: chain}}, err
	}
	first := audit.Record{Chain: chain, Seq: uint64(seq - int64(len(hashes)/len(audit.Hash{})) + 1)}
	copy(first.Prev[:], prev)
	e, rest := unpack(first, hashes, body)
	says := strings.Split(kinds, " ")
	for i, r := range e {
		if i >= len(says) || says[i] != string(r.Event.Kind) || shared(&r.Event) != k {
			return misread(r, "its columns don't say what its body says")
		}
	}
	switch {
	case len(rest) > 0 || len(e) == 0 || len(e)*len(audit.Hash{}) != len(hashes):
		first.Seq = min(first.Seq+uint64(len(e)), uint64(seq))
		return misread(first, "its body can't be read")
	case len(e) != len(says) || e.released() != released || truth(isRare(e[0].Event.Kind)) != rare:
		return misread(first, "its columns don't say what its body says")
	}
	return e, nil
}

func misread(r audit.Record, how string) (entry, error) { return entry{r}, broken(r, how) }

// unpack reads records from a body, as far as it can, and returns what is left.
func unpack(next audit.Record, hashes, body []byte) (e entry, rest []byte) {
	for hash := range slices.Chunk(hashes, len(audit.Hash{})) {
		size, used := binary.Uvarint(body)
		if used <= 0 || size > uint64(len(body)-used) {
			break
		}
		event, err := audit.Decode(body[used : used+int(size)])
		if err != nil {
			break
		}
		body = body[used+int(size):]
		copy(next.Hash[:], hash)
		next.Event = event
		e = append(e, next)
		next = audit.Record{Chain: next.Chain, Seq: next.Seq + 1, Prev: next.Hash}
	}
	return e, body
}

func broken(r audit.Record, how string) error {
	return pam.Failf(pam.ErrOther, "the record of events is broken: %w", &audit.BrokenError{Chain: r.Chain, Seq: r.Seq, Problem: how}).
		WithHint("somebody or something changed the store beneath the program: keep a copy, and compare with the last backup")
}
