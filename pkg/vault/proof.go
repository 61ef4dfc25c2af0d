package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
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
	if looksRandom(v) {
		return Proof{}, pam.Failf(pam.ErrUsage, "the credential has the form of one that was generated").
			WithHint("let one be generated, or choose one that is not exactly 43 letters, digits, - and _")
	}
	salt := newSalt()
	return Proof{Kind: ProofArgon2id, Salt: salt, Sum: slow(v, salt)}, nil
}

// ProveGenerated makes a new secret of 256 random bits, and its proof.
func ProveGenerated() (secret.Value, Proof) {
	text := randomText()
	sum := sha256.Sum256(text)
	return secret.New(text), Proof{Kind: ProofSHA256, Sum: sum[:]}
}

func newSalt() []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: it ends the process instead
	return salt
}

func (p Proof) equal(o Proof) bool {
	return p.Kind == o.Kind && bytes.Equal(p.Salt, o.Salt) && bytes.Equal(p.Sum, o.Sum)
}

// proves reports whether v is the secret that p is the proof of. What it costs
// depends on the form of v alone: what looks like a generated secret is hashed
// fast, all else slowly, whatever p is, and also when there is no proof. So time
// tells nobody which integrations there are.
func (s *Service) proves(ctx context.Context, p Proof, v secret.Value) (bool, error) {
	if v.IsEmpty() || v.Len() > maxTyped {
		return false, nil
	}
	kind, salt, sum := ProofSHA256, p.Salt, []byte(nil)
	if looksRandom(v) {
		sum = quick(v)
	} else {
		kind = ProofArgon2id
		if p.Kind != kind {
			salt = s.decoy
		}
		if err := s.slow.Do(ctx, func() { sum = slow(v, salt) }); err != nil {
			return false, err
		}
	}
	same := subtle.ConstantTimeCompare(sum, p.Sum) == 1
	return same && p.Kind == kind, nil
}

func quick(v secret.Value) []byte {
	var sum [sha256.Size]byte
	_ = v.Reveal(func(b []byte) error { sum = sha256.Sum256(b); return nil })
	return sum[:]
}

func slow(v secret.Value, salt []byte) (sum []byte) {
	_ = v.Reveal(func(b []byte) error {
		sum = argon2.IDKey(b, salt, 2, 19*1024, 1, 32)
		return nil
	})
	return sum
}
