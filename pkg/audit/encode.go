package audit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"
)

// The versions of the canonical form. A new field gets a new version; records of
// old versions keep their form, or their hashes would break. An event without a
// call has the first form still, so that there is one form for each event.
const (
	encoding         = 1
	encodingWithCall = 2 // Call stands last among the texts
)

// ErrEncoding tells that bytes are no canonical event.
var ErrEncoding = errors.New("not a canonical event")

// Encode is the canonical form of e: one form for each event, and one event for
// each form. It is what is hashed; a store may keep it too.
func (e Event) Encode() []byte { return e.append(make([]byte, 0, 512)) }

func (e Event) append(b []byte) []byte {
	version := e.encoding()
	b = append(b, version)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Time.UnixMicro()))
	for _, text := range e.texts(version) {
		b = appendField(b, *text)
	}
	b = binary.AppendUvarint(b, uint64(len(e.Changes)))
	for _, c := range e.Changes {
		b = appendField(appendField(appendField(b, c.Field), c.Old), c.New)
	}
	return b
}

func (e Event) encoding() byte {
	if e.Call == "" {
		return encoding
	}
	return encodingWithCall
}

// texts lists the text fields in the order of a canonical form.
func (e *Event) texts(version byte) []*string {
	list := []*string{
		(*string)(&e.Kind), &e.Actor, &e.Address, &e.IntegrationID, &e.Integration, &e.CredentialID, &e.Credential,
		&e.Policy, &e.Lease, &e.Request, &e.Reason, &e.Comment, &e.Ticket, &e.Justification, &e.Outcome, &e.Released, &e.Call,
	}
	if version == encoding {
		return list[:len(list)-1]
	}
	return list
}

// Decode reads the canonical form. ErrEncoding for any other bytes.
func Decode(b []byte) (Event, error) {
	if len(b) < 9 || b[0] != encoding && b[0] != encodingWithCall {
		return Event{}, ErrEncoding
	}
	e := Event{Time: time.UnixMicro(int64(binary.BigEndian.Uint64(b[1:]))).UTC()}
	d := decoder{rest: b[9:]}
	for _, text := range e.texts(b[0]) {
		*text = d.field()
	}
	n := d.uvarint()
	for range min(n, uint64(len(d.rest))) {
		e.Changes = append(e.Changes, Change{Field: d.field(), Old: d.field(), New: d.field()})
	}
	if d.broken || len(d.rest) > 0 || uint64(len(e.Changes)) != n || !bytes.Equal(e.Encode(), b) {
		return Event{}, ErrEncoding
	}
	return e, nil
}

type decoder struct {
	rest   []byte
	broken bool
}

func (d *decoder) uvarint() uint64 {
	n, used := binary.Uvarint(d.rest)
	if used <= 0 {
		d.rest, d.broken = nil, true
		return 0
	}
	d.rest = d.rest[used:]
	return n
}

func (d *decoder) field() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.rest, d.broken = nil, true
		return ""
	}
	text := string(d.rest[:n])
	d.rest = d.rest[n:]
	return text
}

func appendField(b []byte, text string) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}
