package vault

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
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
	binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)&^(turn-1)|end)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
