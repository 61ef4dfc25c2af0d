package vault

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// NewLeaseID makes the id of a lease: 64 random bits in 13 letters and digits.
// People read these out and type them, often only their beginning, so it is
// short and its beginning differs; the ids of other records are those of NewID.
func NewLeaseID() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
