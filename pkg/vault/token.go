package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

// TokenHash is what is kept of a token: when it was made, and a hash of all of it.
// Tokens that are made at the same time are kept in the same place, then.
type TokenHash [sha256.Size]byte

// The parts of a token: the millisecond in which it was made, then random bytes.
// Both parts make whole characters of base64url.
const (
	tokenTime   = 6
	tokenRandom = 30
)

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

// newToken makes the text of a token: a time, and 240 random bits, as 48 characters
// of base64url.
func newToken(now time.Time) secret.Value {
	var b [2 + tokenTime + tokenRandom]byte
	binary.BigEndian.PutUint64(b[:], uint64(now.UnixMilli())) // of which the first two bytes are zero
	_, _ = rand.Read(b[2+tokenTime:])                         // never fails: it ends the process instead
	text := base64.RawURLEncoding.AppendEncode(nil, b[2:])
	clear(b[:])
	return secret.New(text)
}

// looksRandom reports whether v has the form of what randomText makes.
func looksRandom(v secret.Value) bool { return encodes(v, 32) }

// looksLikeToken reports whether v has the form of what newToken makes.
func looksLikeToken(v secret.Value) bool { return encodes(v, tokenTime+tokenRandom) }

// encodes reports whether v is so many bytes, at most 36, as base64url.
func encodes(v secret.Value, count int) bool {
	if v.Len() != base64.RawURLEncoding.EncodedLen(count) {
		return false
	}
	var bytes [36]byte
	err := v.Reveal(func(b []byte) error {
		_, err := base64.RawURLEncoding.Strict().Decode(bytes[:], b)
		return err
	})
	clear(bytes[:])
	return err == nil
}

// tokenHash is zero for what does not look like a token.
func tokenHash(v secret.Value) (hash TokenHash) {
	if !looksLikeToken(v) {
		return hash
	}
	_ = v.Reveal(func(b []byte) error {
		sum := sha256.Sum256(b)
		_, err := base64.RawURLEncoding.Decode(hash[:tokenTime], b[:base64.RawURLEncoding.EncodedLen(tokenTime)])
		copy(hash[tokenTime:], sum[:])
		return err
	})
	return hash
}

// held holds a token against the integration that has it and where it came
// from. Empty: it is good.
func (t *Token) held(d Door, i *Integration, now time.Time) (Cause, string) {
	switch {
	case !now.Before(t.Expires):
		return CauseExpiredToken, "it ended at " + timeOrNone(t.Expires)
	case t.From != d.From:
		return CauseForeignToken, "it was given to " + t.From.String()
	case !i.Active:
		return CauseRevokedToken, "the integration is not active"
	case t.Epoch != i.Epoch:
		return CauseRevokedToken, "the integration's credential, account, addresses or state changed since"
	case !isAllowed(i.Allowed, d.From):
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
