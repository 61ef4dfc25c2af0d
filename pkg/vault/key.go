package vault

import "context"

// Keys is the port to the master keys.
type Keys interface {
	// Current is the key that a new store is made with, and that key rotation
	// rotates to.
	Current(ctx context.Context) (Key, error)
	// Find is the key with this id. ErrNotFound when it can't be had; it looks
	// again each time, for another process may have rotated.
	Find(ctx context.Context, id string) (Key, error)
}

// Key wraps and unwraps. seal.Key is one.
type Key interface {
	ID() string
	Seal(plaintext, aad []byte) ([]byte, error)
	Open(envelope, aad []byte) ([]byte, error)
}

// The names of the key records.
const (
	KeyMaster     = "master"     // its WrappedBy is the master key that everything new is wrapped with
	KeyHash       = "hash"       // for keyed hashes and the heads of chains
	KeyCheckpoint = "checkpoint" // ed25519, for checkpoints; Public is its public half
)

// KeyRecord is a key of the store itself, wrapped by a master key.
type KeyRecord struct {
	Name      string
	Public    []byte
	Wrapped   []byte
	WrappedBy string
	Version   int64 // as in Stamp
}

// Wrapping says how much a master key wraps.
type Wrapping struct {
	KeyID   string
	Secrets int64
	Records int64 // key records
}
