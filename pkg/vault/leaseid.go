package vault

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// turn is how many seconds pass until the ends of ids come back: six days.
const turn = 1 << 19

// NewLeaseID makes the id of a lease: 45 random bits and the second in which it
// was made, in 13 letters and digits. People read these out and type them, often
// only their beginning, so it is short and its beginning differs; its end is that
// of others of the same second, so an index that begins with it adds them in one
// place. The ids of other records are those of NewID.
func NewLeaseID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b)                        // never fails: it ends the process instead
	second := uint64(time.Now().Unix()) % turn // nothing is decided by it
	binary.BigEndian.PutUint64(b, binary.BigEndian.Uint64(b)&^(turn-1)|second)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
