package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// dataKeySize is the length of a data key in bytes: AES-256.
const dataKeySize = 32

var errSealed = errors.New("changed or moved since it was sealed")

// sealSecret seals a secret as a version of a credential, under a data key of
// its own that master wraps. The version's place is bound to both, so that no
// row can stand for another.
func sealSecret(master Key, v SecretVersion, value secret.Value) (SecretVersion, error) {
	dataKey := make([]byte, dataKeySize)
	defer clear(dataKey)
	_, _ = rand.Read(dataKey) // never fails: it ends the process instead
	aead, err := dataAEAD(dataKey)
	if err != nil {
		return v, err
	}
	place := v.place()
	_ = value.Reveal(func(b []byte) error {
		v.Sealed = aead.Seal(nil, nil, b, place)
		return nil
	})
	v.Wrapped, err = master.Seal(dataKey, place)
	v.WrappedBy = master.ID()
	return v, err
}

// openSecret opens what sealSecret sealed.
func openSecret(master Key, v SecretVersion) (secret.Value, error) {
	place := v.place()
	dataKey, err := master.Open(v.Wrapped, place)
	if err != nil {
		return secret.Value{}, unopened(v, err)
	}
	defer clear(dataKey)
	aead, err := dataAEAD(dataKey)
	if err != nil {
		return secret.Value{}, unopened(v, err)
	}
	if len(v.Sealed) < aead.Overhead() {
		return secret.Value{}, unopened(v, errSealed)
	}
	b, err := aead.Open(nil, nil, v.Sealed, place)
	if err != nil {
		return secret.Value{}, unopened(v, errSealed)
	}
	return secret.New(b), nil
}

// rewrap wraps the data key by another master key. The secret stays sealed.
func rewrap(from, to Key, v SecretVersion) (SecretVersion, error) {
	dataKey, err := from.Open(v.Wrapped, v.place())
	if err != nil {
		return v, unopened(v, err)
	}
	defer clear(dataKey)
	v.Wrapped, err = to.Seal(dataKey, v.place())
	v.WrappedBy = to.ID()
	return v, err
}

func unopened(v SecretVersion, err error) error {
	return pam.Failf(pam.ErrOther, "secret version %d of credential %s can not be opened: %w", v.Number, v.CredentialID, err).
		WithHint("compare with a backup: the row was changed outside of the vault, or its key was")
}

// place is what a secret version is bound to.
func (v SecretVersion) place() []byte {
	b := append(append(append(make([]byte, 0, 64), "redim secret 1\n"...), v.CredentialID...), '\n')
	return binary.BigEndian.AppendUint64(b, uint64(v.Number))
}

func dataAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
