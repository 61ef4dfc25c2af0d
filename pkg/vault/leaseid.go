package vault

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// The ends of ids go on by one each pace, and come back after a turn: 70 minutes.
// A pace is about as long as a commit of many leases takes, so that an index which
// begins with the ends adds all of them in one place.
const (
	pace = 8 * time.Millisecond
	turn = 1 << 19
)

// NewLeaseID makes the id of a lease: 45 random bits and the pace in which it was
// made, in 13 letters and digits. People read these out and type them, often only
// their beginning, so it is short and its beginning differs; its end is that of
// others of the same pace. The ids of other records are those of NewID.
func NewLeaseID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)                                              // never fails: it ends the process instead
	end := uint64(time.Now().UnixMilli()/pace.Milliseconds()) % turn // nothing is decided by it
	return leaseID(binary.BigEndian.Uint64(b)&^(turn-1) | end)
}

// leaseID writes a number in base32 without padding, in small letters.
func leaseID(number uint64) string {
	const digits, letters = "abcdefghijklmnopqrstuvwxyz234567", 13
	var id [letters]byte
	for n := range id[:letters-1] {
		id[n] = digits[number>>(59-5*n)&31]
	}
	id[letters-1] = digits[number<<1&31] // the last four bits
	return string(id[:])
}
