package vault

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// LogIn lets an application in by the name of its integration and its secret.
// Whoever is not let in gets a *Refusal: pam.ErrSignInRefused for a name that
// there is not as for a wrong secret, at the cost of the same work; and
// pam.ErrDenied when all of that was right, and the integration is not active
// or the address not allowed. When it returns without error, the event is kept.
func (s *Service) LogIn(ctx context.Context, d Door, name string, credential secret.Value) (Admission, error) {
	d = d.normal()
	if got, err := s.logInAgain(ctx, d, name, credential); !errors.Is(err, ErrUnsure) {
		return got, err
	}
	return settled(name, func() (Admission, error) { return s.logInAnew(ctx, d, name, credential) })
}

// settled tries a log-in until nothing changes meanwhile of what it was decided on.
func settled(who string, logIn func() (Admission, error)) (Admission, error) {
	const tries = 5
	for range tries {
		if got, err := logIn(); !errors.Is(err, ErrStale) {
			return got, err
		}
	}
	return Admission{}, pam.Failf(pam.ErrConflict, "%s changes again and again", shown(who)).WithHint("try again in a moment")
}

// logInAgain lets somebody in who was let in before by a generated secret, if
// nothing has changed since. ErrUnsure for everybody else, of whom nothing is said:
// it does the same work for every name, and what refuses him reads everything anew.
func (s *Service) logInAgain(ctx context.Context, d Door, name string, credential secret.Value) (Admission, error) {
	if !looksRandom(credential) || checkName("name", name) != nil {
		return Admission{}, ErrUnsure
	}
	i := Integration{}
	if known := s.memory.called.known(Fold(name)); known != nil {
		i = *known
	}
	same := subtle.ConstantTimeCompare(quick(credential), i.Proof.Sum) == 1
	if !same || i.Proof.Kind != ProofSHA256 || !i.Active || !MatchAddress(i.Allowed, d.From).Allowed {
		return Admission{}, ErrUnsure
	}
	got, err := s.letIn(ctx, d, i)
	if errors.Is(err, ErrStale) {
		s.memory.called.forget(Fold(name))
		return Admission{}, ErrUnsure
	}
	return got, err
}

// logInAnew decides by what the store has now.
func (s *Service) logInAnew(ctx context.Context, d Door, name string, credential secret.Value) (Admission, error) {
	i, err := s.integrationCalled(ctx, name)
	if err != nil {
		return Admission{}, err
	}
	proven, err := s.proves(ctx, i.Proof, credential)
	switch {
	case err != nil:
		return Admission{}, err
	case i.ID == "":
		return Admission{}, s.turnAway(ctx, d, i, CauseUnknownName, "no integration has the name that was given")
	case !proven:
		return Admission{}, s.turnAway(ctx, d, i, CauseWrongCredential, wrongDetail(i))
	}
	got, err := s.admit(ctx, d, i)
	if err == nil && i.Proof.Kind == ProofSHA256 {
		s.memory.called.keep(Fold(name), &i)
	}
	return got, err
}

func wrongDetail(i Integration) string {
	switch {
	case i.Auth == AuthWindows:
		return "it is to sign in by its Windows account, not by a credential"
	case i.Proof.Kind == ProofNone:
		return "the integration has no credential yet"
	}
	return "the credential is another one"
}

// integrationCalled is the zero Integration when there is none of the name. It
// recalls nothing: a refusal must not tell by its time which names there are.
func (s *Service) integrationCalled(ctx context.Context, name string) (Integration, error) {
	if unfit := checkName("name", name); unfit != nil {
		return Integration{}, nil //nolint:nilerr // no integration can be called so, and who asks is told no more than that he is refused
	}
	i, err := glance(ctx, s, func(ctx context.Context, r Reader) (Integration, error) { return r.IntegrationNamed(ctx, name) })
	if errors.Is(err, ErrAbsent) {
		return Integration{}, nil
	}
	return i, err
}

// LogInPrincipal lets an application in whose account was proven already. An
// integration has the account when it names the principal exactly; or one of
// also, which are spellings that mean the same, where case does not matter. The
// account DOMAIN\name is never told by case. Refusals are as of LogIn.
func (s *Service) LogInPrincipal(ctx context.Context, d Door, principal string, also ...string) (Admission, error) {
	d = d.normal()
	return settled(principal, func() (Admission, error) { return s.logInProven(ctx, d, principal, also) })
}

func (s *Service) logInProven(ctx context.Context, d Door, principal string, also []string) (Admission, error) {
	found, err := s.integrationsOf(ctx, append([]string{principal}, also...))
	if err != nil {
		return Admission{}, err
	}
	found = slices.DeleteFunc(found, func(i Integration) bool { return i.Auth != AuthWindows || !i.isAccount(principal, also) })
	switch len(found) {
	case 0:
		return Admission{}, s.turnAway(ctx, d, Integration{}, CauseUnknownAccount, "no integration has the account "+shown(principal))
	case 1:
		return s.admit(ctx, d, found[0])
	}
	return Admission{}, s.turnAway(ctx, d, Integration{}, CauseManyAccounts, "several integrations have the account "+shown(principal))
}

func (s *Service) integrationsOf(ctx context.Context, spellings []string) ([]Integration, error) {
	var keys []string
	for _, text := range spellings {
		if checkWords("account", text, maxPart) == nil {
			keys = append(keys, Fold(text))
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if len(keys) == 0 {
		return nil, nil
	}
	return view(ctx, s, func(ctx context.Context, r Reader) ([]Integration, error) { return r.IntegrationsOfAccounts(ctx, keys) })
}

func (i Integration) isAccount(principal string, also []string) bool {
	return i.Account == principal || strings.Contains(i.Account, `\`) && Fold(i.Account) == Fold(principal) ||
		slices.ContainsFunc(also, func(a string) bool { return Fold(i.Account) == Fold(a) })
}

// shown is a text of a stranger as far as it may be shown.
func shown(text string) string {
	if err := checkWords("account", text, maxPart); err != nil {
		return "(one that can't be shown)"
	}
	return text
}

// admit gives a token to an integration that has proven itself, or is ErrStale.
func (s *Service) admit(ctx context.Context, d Door, i Integration) (Admission, error) {
	if !i.Active {
		return Admission{}, s.turnAway(ctx, d, i, CauseInactive, "the integration is not active")
	}
	if m := MatchAddress(i.Allowed, d.From); !m.Allowed {
		return Admission{}, s.turnAway(ctx, d, i, CauseAddress, "from "+d.From.String()+", which is not among the allowed addresses")
	}
	return s.letIn(ctx, d, i)
}

// letIn gives a token to an integration. ErrStale when it is not as it was read.
func (s *Service) letIn(ctx context.Context, d Door, i Integration) (Admission, error) {
	now := s.now()
	v := newToken(now)
	t := Token{Hash: tokenHash(v), IntegrationID: i.ID, From: d.From, Epoch: i.Epoch, Made: now, Expires: now.Add(s.tokenLife)}
	e := s.event(audit.IntegrationLogin, d.Actor(i))
	e.Outcome = audit.OutcomeDone
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.AddToken(ctx, t, i.Edition()); err != nil {
			return err
		}
		return s.record(ctx, tx, e)
	})
	if err != nil {
		v.Wipe()
		return Admission{}, err
	}
	return Admission{Token: v, Expires: t.Expires, Integration: i}, nil
}

// Authenticate tells whose a token is. A *Refusal of pam.ErrTokenRefused says
// that it is none, or no more good, or not from this address.
func (s *Service) Authenticate(ctx context.Context, d Door, token secret.Value) (Integration, error) {
	i, _, _, err := s.AuthenticateFor(ctx, d, token, "")
	return i, err
}

// AuthenticateFor is Authenticate, tells how the caller is known, and reads the lease
// that the call is about in the same question. It is the zero Lease when there is none of the id; whose it
// is, is for the caller to look at.
func (s *Service) AuthenticateFor(ctx context.Context, d Door, token secret.Value, lease string) (Integration, Known, Lease, error) {
	d = d.normal()
	hash := tokenHash(token)
	if hash == (TokenHash{}) {
		return Integration{}, Known{}, Lease{}, s.turnAway(ctx, d, Integration{}, CauseUnknownToken, "it is no token")
	}
	h, i, err := s.held(ctx, hash, lease)
	if errors.Is(err, ErrAbsent) {
		return Integration{}, Known{}, Lease{}, s.turnAway(ctx, d, Integration{}, CauseUnknownToken, "nobody has this token")
	}
	if err != nil {
		return Integration{}, Known{}, Lease{}, err
	}
	if cause, detail := h.Token.held(d, &i, s.now()); cause != "" {
		return Integration{}, Known{}, Lease{}, s.turnAway(ctx, d, i, cause, detail)
	}
	s.memory.tokens.keep(h.Token.Hash, &Holding{Token: h.Token, Edition: h.Edition})
	known := Known{token: h.Token.Hash, expires: h.Token.Expires, edition: i.Edition(), asked: true}
	return i, known, h.Lease, nil
}

// held reads a token with its integration as it is now, and a lease if one is named.
func (s *Service) held(ctx context.Context, hash TokenHash, lease string) (Holding, Integration, error) {
	h, err := s.store.Holding(ctx, hash, lease)
	if err != nil {
		return h, Integration{}, err
	}
	i, err := s.integrationAt(ctx, h.Token.IntegrationID, h.Edition)
	return h, i, err
}

// LogOut ends a token. Its failures are those of Authenticate.
func (s *Service) LogOut(ctx context.Context, d Door, token secret.Value) error {
	i, err := s.Authenticate(ctx, d, token)
	if err != nil {
		return err
	}
	e := s.event(audit.IntegrationLogout, d.Actor(i))
	e.Outcome = audit.OutcomeDone
	return s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		err := tx.RemoveToken(ctx, tokenHash(token))
		if errors.Is(err, ErrAbsent) {
			return nil // somebody else has ended it meanwhile
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, e)
	})
}
