package redimtest

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// session is a signed-in identity.
type session struct {
	identity *identity
	via      *identity // the delegation identity, when impersonated
	expires  time.Time
	certHash [32]byte // of the client certificate it was made with; zero without
	number   uint64   // of the log-in
}

func digest(token []byte) [32]byte { return sha256.Sum256(token) }

// signIn makes a session and returns its token.
func (m *model) signIn(who, via *identity, cert [32]byte) (secret.Value, error) {
	if err := m.makeRoom(who); err != nil {
		return secret.Value{}, err
	}
	m.logIns++
	token := newToken()
	s := &session{identity: who, via: via, expires: m.now.Add(m.service.TokenLifetime), certHash: cert, number: m.logIns}
	_ = token.Reveal(func(b []byte) error { m.sessions[digest(b)] = s; return nil })
	return token, nil
}

// makeRoom sees to it that an identity may have one more live token.
func (m *model) makeRoom(who *identity) error {
	limit := m.service.TokenLimit
	if limit <= 0 {
		return nil
	}
	var live [][32]byte
	for key, s := range m.sessions {
		if s.identity == who && m.now.Before(s.expires) {
			live = append(live, key)
		}
	}
	if len(live) < limit {
		return nil
	}
	if m.service.BeyondTokenLimit != beyondEndOldest {
		return refuse(denied, "%s has %d live tokens, as many as it may", who.id, len(live))
	}
	slices.SortFunc(live, func(a, b [32]byte) int { return cmp.Compare(m.sessions[a].number, m.sessions[b].number) })
	for _, key := range live[:len(live)-limit+1] {
		delete(m.sessions, key)
	}
	return nil
}

// What happens to a log-in beyond the limit of live tokens.
const (
	beyondRefuse    = "refuse"
	beyondEndOldest = "end_oldest"
)

// session finds a live session, and prolongs it where tokens slide.
func (m *model) session(token string) *session {
	key := digest([]byte(token))
	s := m.sessions[key]
	if s == nil {
		return nil
	}
	if !m.now.Before(s.expires) {
		delete(m.sessions, key)
		return nil
	}
	if m.service.TokenSliding {
		s.expires = m.now.Add(m.service.TokenLifetime)
	}
	return s
}

// identity finds who signs in with a login type and an authenticator.
func (m *model) identity(name, authenticator string, loginType int64) *identity {
	id := pam.Identity{Name: name}
	if loginType == loginQualified {
		id.Domain = authenticator
	}
	return m.identities[id.Fold()]
}

// mayImpersonate reports a mapping from one identity to another or its roles.
func (m *model) mayImpersonate(by, target *identity) bool {
	return anyMatches(by.impersonates, target.id.String()) ||
		slices.ContainsFunc(target.roles, func(r string) bool { return anyMatches(by.impersonates, r) })
}

// may reports whether an identity has a permission on one account.
func (m *model) may(who *identity, perm string, a *account) bool {
	if who.permissions.has(perm) || a.list != nil && who.permissions.has(permEditPasswordLists) {
		return true
	}
	return slices.ContainsFunc(who.grants, func(g Grant) bool { return g.gives(perm) && g.covers(a) })
}

func (g Grant) gives(perm string) bool {
	return slices.ContainsFunc(g.Permissions, func(p string) bool { return strings.EqualFold(p, perm) })
}

func (g Grant) covers(a *account) bool {
	if len(g.Accounts) > 0 && !anyMatches(g.Accounts, a.name) {
		return false
	}
	switch {
	case a.system != nil:
		return slices.ContainsFunc(a.system.names, func(n string) bool { return anyMatches(g.Systems, n) })
	case a.domain != nil:
		return anyMatches(g.Domains, a.domain.name)
	}
	return anyMatches(g.Lists, a.list.name)
}
