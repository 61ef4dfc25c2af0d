package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// Key seals and opens. The zero Key is no key: it refuses both. A Key may be
// copied and used by many goroutines at once.
type Key struct {
	root   secret.Value
	sealer func() (sealer, error) // made when it is first wanted, and kept
}

// sealer is what seals, and what its envelopes begin with.
type sealer struct {
	cipher.AEAD
	header []byte
}

// NewKey makes a Key of KeySize random bytes. ErrUsage for another length.
func NewKey(root secret.Value) (Key, error) {
	if root.Len() != KeySize {
		return Key{}, pam.Failf(pam.ErrUsage, "a key has %d bytes, not %d", KeySize, root.Len()).WithHint(keyHint)
	}
	return newKey(root), nil
}

// GenerateKey makes a new random Key.
func GenerateKey() Key {
	b := make([]byte, KeySize)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return newKey(secret.New(b))
}

func newKey(root secret.Value) Key {
	k := Key{root: root}
	k.sealer = sync.OnceValues(k.newSealer)
	return k
}

func (k Key) newSealer() (sealer, error) {
	sub, id := k.derive("seal"), k.id()
	defer clear(sub[:])
	block, err := aes.NewCipher(sub[:])
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead, slices.Concat([]byte(mark), []byte{version}, id[:])}, err
}

// IsZero reports whether k is no key.
func (k Key) IsZero() bool { return k.root.IsEmpty() }

// Equal reports whether both are the same key, in constant time.
func (k Key) Equal(o Key) bool { return k.root.Equal(o.root) }

// ID tells keys apart without telling anything about them.
func (k Key) ID() string {
	id := k.id()
	return hex.EncodeToString(id[:])
}

// Hash is a keyed hash of parts for the named purpose: without the key nobody
// can tell what was hashed, nor find it by trying.
func (k Key) Hash(purpose string, parts ...string) [32]byte {
	sub := k.derive("hash " + purpose)
	defer clear(sub[:])
	var message []byte
	for _, p := range parts {
		message = AppendField(message, []byte(p))
	}
	return mac(sub[:], message)
}

func (k Key) id() (id [idSize]byte) {
	full := k.derive("id")
	copy(id[:], full[:])
	return id
}

// derive makes a key for one purpose, so that no two uses share one.
func (k Key) derive(purpose string) (sub [32]byte) {
	_ = k.root.Reveal(func(b []byte) error {
		sub = mac(b, []byte("redim 1 "+purpose))
		return nil
	})
	return sub
}

func mac(key, message []byte) (sum [32]byte) {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	h.Sum(sum[:0])
	return sum
}
