package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// FindRequest asks which credentials a user may use for an endpoint.
type FindRequest struct {
	User     pam.Identity
	Endpoint pam.Endpoint
}

// Step is one question of a look-up, as an explanation tells it.
type Step struct {
	Identity pam.Identity
	Asked    string    // what was asked, in words
	Setting  string    // which setting decided to ask it, or not to; two when two did
	Found    int       // how many credentials came back
	Class    pam.Class // why none did; empty when the answer was an answer
	Skipped  bool      // not asked, because of Setting
}

// Finding is the answer of a look-up. It never holds a secret.
type Finding struct {
	Identity    pam.Identity // who yielded; zero when nobody did
	Credentials []pam.Credential
	Steps       []Step
}

// Find climbs the ladder until one identity yields credentials. It returns
// what it did also when it fails: ErrUserUnknown when the service knows none
// of the identities, ErrNoImpersonation when it does not tell whether it knows
// them, ErrNoCredentials when it knows one that has nothing here, or the
// failure that stopped it.
func (e *Engine) Find(ctx context.Context, req FindRequest) (Finding, error) {
	var f Finding
	var doubt error // the first refusal that may stand for an unknown user
	known := false
	for _, rung := range Identities(req.User, e.Rules) {
		if rung.Skipped {
			f.Steps = append(f.Steps, Step{Identity: rung.Identity, Asked: "sign in as " + rung.Identity.String(), Setting: rung.Setting, Skipped: true})
			continue
		}
		c := &climb{engine: e, rung: rung, endpoint: plainEndpoint(req.Endpoint, e.Rules.DomainMap)}
		found, err := c.everything(ctx)
		f.Steps = append(f.Steps, c.steps...)
		switch {
		case stops(err):
			return f, err
		case err == nil:
			known = true
		case doubt == nil && errors.Is(err, pam.ErrVague):
			doubt = err
		}
		if len(found) > 0 {
			f.Identity, f.Credentials = rung.Identity, found
			return f, nil
		}
	}
	if doubt != nil && !known {
		return f, doubt
	}
	return f, nothingFound(req, known, f)
}

func nothingFound(req FindRequest, known bool, f Finding) error {
	var tried []string
	for _, s := range f.Steps {
		if name := s.Identity.String(); !s.Skipped && !slices.Contains(tried, name) {
			tried = append(tried, name)
		}
	}
	who := strings.Join(tried, ", ")
	if !known {
		return pam.Failf(pam.ErrUserUnknown, "user %s is unknown to the service (tried %s)", req.User, who).
			WithHint("check the spelling, default_domain, fallback_to_local and domain_map; --explain shows each step")
	}
	return pam.Failf(pam.ErrNoCredentials, "no credential on %s for user %s (tried %s)", req.Endpoint, req.User, who).
		WithHint("check the user's permissions on this system, and the endpoint's name; --explain shows each step")
}

// endsRung reports whether a failure leaves nothing to ask for this identity,
// while another rung may do better: the user is unknown, or may be.
func endsRung(err error) bool {
	class := classOf(err)
	return class == pam.ErrUserUnknown || class == pam.ErrNoImpersonation && errors.Is(err, pam.ErrVague)
}

// stops reports whether a failure ends the ladder: no other rung can do better.
func stops(err error) bool {
	switch classOf(err) {
	case "", pam.ErrUserUnknown, pam.ErrNoCredentials, pam.ErrNotFound, pam.ErrDenied:
		return false
	}
	return !endsRung(err)
}

// classOf is the class of the outermost failure; empty for none.
func classOf(err error) pam.Class {
	if err == nil {
		return ""
	}
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		return f.Class
	}
	if class, ok := errors.AsType[pam.Class](err); ok {
		return class
	}
	switch {
	case errors.Is(err, context.Canceled):
		return pam.ErrInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		return pam.ErrUnreachable
	}
	return pam.ErrOther
}

// merge sorts credentials and drops duplicates.
func merge(creds []pam.Credential) []pam.Credential {
	slices.SortStableFunc(creds, pam.CompareCredentials)
	return slices.CompactFunc(creds, pam.Credential.Same)
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }
