package tokencache

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

// recordVersion is the first byte of what is sealed; it counts changes to the
// record as the envelope's version counts changes to the envelope.
const recordVersion = 1

// kind says what a file holds.
type kind byte

const (
	kindToken   kind = 't'
	kindRefusal kind = 'r' // the service refused to sign the identity in
)

// record is the content of a file.
type record struct {
	kind        kind
	fingerprint string
	profile     string
	identity    pam.Identity
	stored      time.Time // by our clock
	until       time.Time // by our clock: when the token ends
	token       pam.Token
	class       pam.Class // of a refusal, as the two below
	message     string
	hint        string
}

func (r record) encode() []byte {
	b := []byte{recordVersion, byte(r.kind)}
	for _, t := range []time.Time{r.stored, r.until, r.token.Issued, r.token.Expires} {
		b = binary.BigEndian.AppendUint64(b, uint64(unixNano(t)))
	}
	for _, f := range []string{r.fingerprint, r.profile, r.identity.Domain, r.identity.Name, string(r.class), r.message, r.hint} {
		b = seal.AppendField(b, []byte(f))
	}
	_ = r.token.Value.Reveal(func(v []byte) error {
		b = seal.AppendField(b, v)
		return nil
	})
	return b
}

// decode reads what encode wrote; anything else is not ok. The record shares
// no memory with b.
func decode(b []byte) (r record, ok bool) {
	if len(b) < 2+4*8 || b[0] != recordVersion {
		return record{}, false
	}
	r.kind = kind(b[1])
	b = b[2:]
	for _, t := range []*time.Time{&r.stored, &r.until, &r.token.Issued, &r.token.Expires} {
		*t = fromNano(int64(binary.BigEndian.Uint64(b)))
		b = b[8:]
	}
	var class string
	for _, f := range []*string{&r.fingerprint, &r.profile, &r.identity.Domain, &r.identity.Name, &class, &r.message, &r.hint} {
		var field []byte
		if field, b, ok = seal.CutField(b); !ok {
			return record{}, false
		}
		*f = string(field)
	}
	r.class = pam.Class(class)
	value, rest, ok := seal.CutField(b)
	if !ok || len(rest) != 0 || !r.kind.known() {
		return record{}, false
	}
	r.token.Value = secret.New(bytes.Clone(value))
	return r, true
}

func (k kind) known() bool { return k == kindToken || k == kindRefusal }

// unixNano is 0 for the zero time, which no file ever was written at.
func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// limit is when the token ends. Where only our own setting tells, a setting
// that was shortened meanwhile counts at once.
func (r record) limit(ttl time.Duration) time.Time {
	if own := r.stored.Add(ttl); r.token.Expires.IsZero() && own.Before(r.until) {
		return own
	}
	return r.until
}

// live reports whether the token may be used. A margin that would eat up a
// short life is cut to a quarter of it. A record from the future is of no use:
// the clock was set back, and its age is unknown.
func (r record) live(now time.Time, ttl, margin time.Duration) bool {
	limit := r.limit(ttl)
	margin = min(margin, limit.Sub(r.stored)/4)
	return r.kind == kindToken && now.Add(margin).Before(limit) && !r.stored.After(now.Add(time.Minute))
}

// fresh reports whether a refusal still speaks for who asked at since.
func (r record) fresh(now, since time.Time) bool {
	age := now.Sub(r.stored)
	return r.kind == kindRefusal && (!r.stored.Before(since) || age >= 0 && age < pause)
}
