package vault

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/redim-tools/redim/pkg/secret"
)

// The letters of a proposed secret: none that a shell, a URL or a person takes
// for another. 64 of them, so that a byte gives each the same chance.
const (
	letters      = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789-_.+=~^"
	proposedSize = 28
)

// propose makes the next secret of a credential: 168 bits, the same for the same
// salt and version, and unknown without the store's own key. So a rotator that
// was cut short is called with the same again, and nothing has to be kept.
func (s *Service) propose(d DueRotation, c Credential) secret.Value {
	var proposed secret.Value
	_ = s.ring.hash.Reveal(func(key []byte) error {
		for n := uint64(0); proposed.IsEmpty(); n++ {
			proposed = attemptProposal(key, d, c, n)
		}
		return nil
	})
	return proposed
}

// attemptProposal is empty when a kind of letter is missing that rules for
// passwords ask for.
func attemptProposal(key []byte, d DueRotation, c Credential, n uint64) secret.Value {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("redim rotation 1\n" + c.ID + "\n"))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(c.Secret)))
	mac.Write(binary.BigEndian.AppendUint64(slices.Clip(d.Salt), n))
	sum := mac.Sum(nil)
	defer clear(sum)
	text := make([]byte, proposedSize)
	for i := range text {
		text[i] = letters[sum[i]%byte(len(letters))]
	}
	for _, kind := range []string{letters[:24], letters[24:49], letters[49:57], letters[57:]} {
		if !bytes.ContainsAny(text, kind) {
			clear(text)
			return secret.Value{}
		}
	}
	return secret.New(text)
}
