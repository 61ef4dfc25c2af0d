package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

// TokenHash is what is kept of a token.
type TokenHash [sha256.Size]byte

// Token is an integration that has signed in, as a store keeps it.
type Token struct {
	Hash          TokenHash
	IntegrationID string
	From          netip.Addr // the only address that it is good from
	Epoch         int64      // of the integration, when it was made
	Made          time.Time
	Expires       time.Time
}

// randomText is 256 random bits as 43 characters of base64url.
func randomText() []byte {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: it ends the process instead
	text := base64.RawURLEncoding.AppendEncode(nil, random)
	clear(random)
	return text
}

// looksRandom reports whether v has the form of what randomText makes.
func looksRandom(v secret.Value) bool {
	const length = 43
	if v.Len() != length {
		return false
	}
	var random [32]byte
	err := v.Reveal(func(b []byte) error {
		_, err := base64.RawURLEncoding.Strict().Decode(random[:], b)
		return err
	})
	clear(random[:])
	return err == nil
}

func tokenHash(v secret.Value) (sum TokenHash) {
	_ = v.Reveal(func(b []byte) error { sum = sha256.Sum256(b); return nil })
	return sum
}

// held holds a token against the integration that has it and where it came
// from. Empty: it is good.
func (t Token) held(d Door, i Integration, now time.Time) (Cause, string) {
	switch {
	case !now.Before(t.Expires):
		return CauseExpiredToken, "it ended at " + timeOrNone(t.Expires)
	case t.From != d.From:
		return CauseForeignToken, "it was given to " + t.From.String()
	case !i.Active:
		return CauseRevokedToken, "the integration is not active"
	case t.Epoch != i.Epoch:
		return CauseRevokedToken, "the integration's credential, account, addresses or state changed since"
	case !MatchAddress(i.Allowed, d.From).Allowed:
		return CauseRevokedToken, "the address is not allowed"
	}
	return "", ""
}

// revokes reports whether a change ends the tokens that an integration has: it
// is not active, proves itself otherwise, or an address is no more allowed.
func (i Integration) revokes(is Integration) bool {
	return i.Active && !is.Active || i.Auth != is.Auth || i.Account != is.Account || !i.Proof.equal(is.Proof) || !covers(is.Allowed, i.Allowed)
}

// covers reports whether every network of inner lies in one of outer.
func covers(outer, inner []netip.Prefix) bool {
	for _, p := range inner {
		if !coveredBy(outer, p) {
			return false
		}
	}
	return true
}

func coveredBy(outer []netip.Prefix, p netip.Prefix) bool {
	for _, o := range outer {
		if o.Bits() <= p.Bits() && o.Contains(p.Addr()) {
			return true
		}
	}
	return false
}
