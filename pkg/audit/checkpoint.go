package audit

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Seal sets the MAC of a head under key, so that nobody without the key can
// cut off the end of a chain and pretend that it ended earlier.
func (h Head) Seal(key []byte) Head {
	m := hmac.New(sha256.New, key)
	m.Write(h.append([]byte("redim head 1\n")))
	m.Sum(h.MAC[:0])
	return h
}

// Sealed reports whether the MAC is right.
func (h Head) Sealed(key []byte) bool {
	want := h.Seal(key)
	return hmac.Equal(want.MAC[:], h.MAC[:])
}

func (h Head) append(b []byte) []byte {
	b = appendField(b, h.Chain)
	b = binary.BigEndian.AppendUint64(b, h.Seq)
	return append(b, h.Hash[:]...)
}

// Checkpoint is what all chains were at one time, signed. Whoever has the
// public key can check it, also outside of the store; kept elsewhere, it tells
// when a whole store was put back to an older state.
type Checkpoint struct {
	Time      time.Time `json:"time"`      // UTC, in microseconds
	Heads     []Head    `json:"heads"`     // without MACs, in the order of their names
	Signature []byte    `json:"signature"` // ed25519
}

// Sign signs the checkpoint.
func (c Checkpoint) Sign(key ed25519.PrivateKey) Checkpoint {
	c.Signature = ed25519.Sign(key, c.message())
	return c
}

// Signed reports whether the signature is that of the key.
func (c Checkpoint) Signed(key ed25519.PublicKey) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, c.message(), c.Signature)
}

func (c Checkpoint) message() []byte {
	b := []byte("redim checkpoint 1\n")
	b = binary.BigEndian.AppendUint64(b, uint64(c.Time.UnixMicro()))
	b = binary.AppendUvarint(b, uint64(len(c.Heads)))
	for _, h := range c.Heads {
		b = h.append(b)
	}
	return b
}
