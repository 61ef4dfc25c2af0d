package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Proof is how the secret of an application is recognised. It is no secret
// that could be used, but it is kept from all output all the same.
type Proof struct {
	Kind ProofKind
	Salt []byte // argon2id only
	Sum  []byte
}

// ProofKind is how Sum was made.
type ProofKind string

// A typed secret goes through a slow hash; a generated one of 256 bits needs none.
const (
	ProofNone     ProofKind = ""
	ProofArgon2id ProofKind = "argon2id-19m-2-1" // 19 MiB, 2 passes, 1 lane, 32 bytes
	ProofSHA256   ProofKind = "sha256"
)

// minTyped is the fewest characters of a typed secret, maxTyped the most bytes.
const (
	minTyped = 12
	maxTyped = 1024
)

// ProveTyped makes the proof of a secret that a person chose. ErrUsage when it
// is too short to be one.
func ProveTyped(v secret.Value) (Proof, error) {
	characters := 0
	_ = v.Reveal(func(b []byte) error { characters = utf8.RuneCount(b); return nil })
	if characters < minTyped || v.Len() > maxTyped {
		return Proof{}, pam.Failf(pam.ErrUsage, "the credential has %d characters", characters).
			WithHint("give %d or more, at most %d bytes; or let one be generated", minTyped, maxTyped)
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: it ends the process instead
	return Proof{Kind: ProofArgon2id, Salt: salt, Sum: slow(v, salt)}, nil
}

// ProveGenerated makes a new secret of 256 random bits, and its proof.
func ProveGenerated() (secret.Value, Proof) {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // as above
	text := base64.RawURLEncoding.AppendEncode(nil, random)
	clear(random)
	sum := sha256.Sum256(text)
	return secret.New(text), Proof{Kind: ProofSHA256, Sum: sum[:]}
}

// Matches reports whether v is the secret. A typed secret costs the time of the
// slow hash, whatever v is. A proof of no kind matches nothing.
func (p Proof) Matches(v secret.Value) bool {
	switch p.Kind {
	case ProofArgon2id:
		return v.Len() <= maxTyped && subtle.ConstantTimeCompare(slow(v, p.Salt), p.Sum) == 1
	case ProofSHA256:
		var sum [sha256.Size]byte
		_ = v.Reveal(func(b []byte) error { sum = sha256.Sum256(b); return nil })
		return subtle.ConstantTimeCompare(sum[:], p.Sum) == 1
	}
	return false
}

func slow(v secret.Value, salt []byte) (sum []byte) {
	_ = v.Reveal(func(b []byte) error {
		sum = argon2.IDKey(b, salt, 2, 19*1024, 1, 32)
		return nil
	})
	return sum
}
