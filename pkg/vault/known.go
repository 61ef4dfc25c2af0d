package vault

import (
	"errors"

	"github.com/redim-tools/redim/pkg/secret"
)

// Known is how a caller was recognised: by a token that was good when the store was
// asked for it last. It may have ended since. Zero: the store was asked just now.
type Known struct {
	token   TokenHash
	version int64 // of the integration that has it
}

// ErrUnsure tells that a caller who was only recognised has to be authenticated
// before anything else is decided. Nothing was done or recorded.
var ErrUnsure = errors.New("the caller was only recognised")

// Sure reports whether the store was asked for the token.
func (k Known) Sure() bool { return k.version == 0 }

// of reports whether the integration is the one that was recognised, as it was.
func (k Known) of(i *Integration) bool { return k.Sure() || i != nil && i.Version == k.version }

// with adds that the token has to be there still.
func (g Grounds) with(k Known) Grounds {
	g.Token = k.token
	return g
}

// Recognise tells whose a token was when it was last asked for, and asks the store
// nothing. What is done for somebody who was only recognised has to be a check-out,
// which is kept only if the token and its integration are what they were: a session
// whose Ask has what is returned here does nothing else. False: Authenticate has to tell.
func (s *Service) Recognise(d Door, token secret.Value) (Integration, Known, bool) {
	d = d.normal()
	hash := tokenHash(token)
	h, ok := s.memory.tokens.known(string(hash[:]), func(*Holding) bool { return true })
	if !ok {
		return Integration{}, Known{}, false
	}
	i, ok := s.memory.integrations.known(h.Token.IntegrationID, func(i *Integration) bool { return i.Version == h.Version })
	if !ok {
		return Integration{}, Known{}, false
	}
	if cause, _ := h.Token.held(d, i, s.now()); cause != "" {
		return Integration{}, Known{}, false
	}
	return i, Known{token: hash, version: h.Version}, true
}
