package audit

import (
	"crypto/sha256"
	"encoding/binary"
)

// Hash is a SHA-256 sum.
type Hash [sha256.Size]byte

// Record is an event in its place in a chain.
type Record struct {
	Chain string
	Seq   uint64 // 1 is the first
	Prev  Hash
	Hash  Hash
	Event Event
}

// Head is the end of a chain. The zero Seq is a chain without records.
type Head struct {
	Chain string `json:"chain"`
	Seq   uint64 `json:"seq"`
	Hash  Hash   `json:"hash"`
	MAC   Hash   `json:"-"` // over all of the above; see Seal
}

// Link puts e after h, and returns the record and the new head, which has no
// MAC yet. A Head is a value: whoever drops the new one has linked nothing.
func (h Head) Link(e Event) (Record, Head) { return h.LinkEncoded(e, e.Encode()) }

// LinkEncoded is Link of an event whose canonical form is at hand.
func (h Head) LinkEncoded(e Event, canonical []byte) (Record, Head) {
	r := Record{Chain: h.Chain, Seq: h.Seq + 1, Prev: h.Hash, Event: e}
	if h.Seq == 0 {
		r.Prev = genesis(h.Chain)
	}
	r.Hash = r.sum(canonical)
	return r, Head{Chain: h.Chain, Seq: r.Seq, Hash: r.Hash}
}

// sum is the hash that the record of an event with this canonical form must have.
func (r *Record) sum(canonical []byte) Hash {
	b := make([]byte, 0, 1024)
	b = append(b, "redim record 1\n"...)
	b = appendField(b, r.Chain)
	b = binary.BigEndian.AppendUint64(b, r.Seq)
	b = append(b, r.Prev[:]...)
	return sha256.Sum256(append(b, canonical...))
}

func genesis(chain string) Hash { return sha256.Sum256([]byte("redim chain 1\n" + chain)) }
