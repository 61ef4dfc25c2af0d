package seal

import (
	"bytes"
	"errors"
	"slices"
)

// An envelope is: mark (4 bytes), version (1), key id (8), then nonce (12),
// ciphertext and tag (16). All before the nonce is bound as associated data.
const (
	mark       = "rdms"
	version    = 1
	idSize     = 8
	headerSize = len(mark) + 1 + idSize
	overhead   = 12 + 16
)

// Why an envelope could not be opened.
var (
	ErrNotSealed  = errors.New("cut short or not one of ours")
	ErrVersion    = errors.New("written by another version of redim")
	ErrForeignKey = errors.New("sealed with another key")
	ErrTampered   = errors.New("changed or moved since it was sealed")
	ErrNoKey      = errors.New("no key")
)

// Seal encrypts plaintext. aad is not in the envelope, but Open needs the same.
func (k Key) Seal(plaintext, aad []byte) ([]byte, error) {
	s, err := k.ready()
	if err != nil {
		return nil, err
	}
	return s.Seal(slices.Clone(s.header), nil, plaintext, slices.Concat(s.header, aad)), nil
}

// Open decrypts an envelope. The error wraps one of the Err values above and
// never tells more.
func (k Key) Open(envelope, aad []byte) ([]byte, error) {
	if len(envelope) < headerSize+overhead || string(envelope[:len(mark)]) != mark {
		return nil, ErrNotSealed
	}
	if envelope[len(mark)] != version {
		return nil, ErrVersion
	}
	s, err := k.ready()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(envelope[:headerSize], s.header) {
		return nil, ErrForeignKey
	}
	plaintext, err := s.Open(nil, nil, envelope[headerSize:], slices.Concat(s.header, aad))
	if err != nil {
		return nil, ErrTampered
	}
	return plaintext, nil
}

func (k Key) ready() (sealer, error) {
	if k.IsZero() {
		return sealer{}, ErrNoKey
	}
	return k.sealer()
}
