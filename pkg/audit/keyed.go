package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"github.com/redim-tools/redim/pkg/secret"
)

const (
	keyedBegin = "redim value 1\n" // before what is hashed
	keyedMark  = "hmac-sha256:"    // before its hash
)

// keyedHash is an HMAC that is used again and again, so that its key is taken in
// only once.
type keyedHash struct {
	hash.Hash
	begin []byte
	sum   [sha256.Size]byte
}

func newKeyedHash(key secret.Value) *keyedHash {
	k := &keyedHash{begin: []byte(keyedBegin)}
	_ = key.Reveal(func(b []byte) error { k.Hash = hmac.New(sha256.New, b); return nil })
	k.Reset() // from the second time on, it overwrites the last block of what was hashed
	return k
}

// of is the hash of a secret, as text.
func (k *keyedHash) of(v secret.Value) string {
	k.Write(k.begin)
	_ = v.Reveal(func(b []byte) error { k.Write(b); return nil })
	text := hex.AppendEncode(append(make([]byte, 0, len(keyedMark)+2*sha256.Size), keyedMark...), k.Sum(k.sum[:0]))
	k.Reset() // leaves nothing of the secret behind
	return string(text)
}

// Hash is the keyed hash of a secret as events have it: equal for equal
// secrets, and of no use to anybody without the key.
func (r Redactor) Hash(v secret.Value) string {
	k, _ := r.keyed.Get().(*keyedHash) // there is nothing else in it
	defer r.keyed.Put(k)
	return k.of(v)
}
