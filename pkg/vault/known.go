package vault

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

// Known is how a caller was recognised: by a token that was good when the store was
// asked for it last. It may have ended since. Zero: a caller that needs no token.
type Known struct {
	token   TokenHash
	expires time.Time
	edition Edition // of the integration that has it
	asked   bool    // the store was, in this call
}

// ErrUnsure tells that a caller has to be authenticated before anything else is
// decided: it was only recognised, or is not any more what it was when it was
// authenticated. Nothing was done or recorded.
var ErrUnsure = errors.New("the caller has to be authenticated anew")

// Sure reports whether the store was asked for the token.
func (k Known) Sure() bool { return k.edition == 0 || k.asked }

// of reports whether the integration is the one that was recognised, as it was, and
// the time of its token is not over.
func (k Known) of(i *Integration, now time.Time) bool {
	return k.edition == 0 || i != nil && i.Edition() == k.edition && now.Before(k.expires)
}

// holds reports whether that is so, and the token is there.
func (k Known) holds(ctx context.Context, tx TokenWriter, i *Integration, now time.Time) (bool, error) {
	if !k.of(i, now) || k.edition == 0 {
		return k.edition == 0, nil
	}
	return tx.HasToken(ctx, k.token)
}

// with adds that the token has to be there still.
func (g Grounds) with(k Known) Grounds {
	g.Token = k.token
	return g
}

// Recognise tells whose a token was when it was last asked for, and asks the store
// nothing. What is done for somebody who was only recognised has to be a check-out,
// which is kept only if the token and its integration are what they were: a session
// whose Ask has what is returned here does nothing else. False: Authenticate has to tell. The integration is shared, and must not be changed.
func (s *Service) Recognise(d Door, token secret.Value) (*Integration, Known, bool) {
	d = d.normal()
	hash := tokenHash(token)
	h := s.memory.tokens.known(hash)
	if h == nil {
		return nil, Known{}, false
	}
	i := s.memory.integrations.known(h.Token.IntegrationID)
	if i == nil || i.Edition() != h.Edition {
		return nil, Known{}, false
	}
	if cause, _ := h.Token.held(d, i, s.now()); cause != "" {
		return nil, Known{}, false
	}
	return i, Known{token: hash, expires: h.Token.Expires, edition: h.Edition}, true
}
