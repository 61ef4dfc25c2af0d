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
	Setting  string    // which setting decided to ask it, or not to
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
// of the identities, ErrNoCredentials when it knows one that has nothing
// here, or the failure that stopped it.
func (e *Engine) Find(ctx context.Context, req FindRequest) (Finding, error) {
	s := &search{engine: e, req: req}
	known := false
	for _, rung := range Identities(req.User, e.Rules) {
		if rung.Skipped {
			s.note(Step{Identity: rung.Identity, Asked: "sign in as " + rung.Identity.String(), Setting: rung.Setting, Skipped: true})
			continue
		}
		err := s.climb(ctx, rung)
		if stops(err) {
			return s.finding, err
		}
		known = known || !errors.Is(err, pam.ErrUserUnknown)
		if len(s.finding.Credentials) > 0 {
			return s.finding, nil
		}
	}
	return s.finding, nothingFound(req, known, s.finding)
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

// stops reports whether a failure ends the ladder: no other rung can do better.
func stops(err error) bool {
	if err == nil {
		return false
	}
	for _, class := range []pam.Class{pam.ErrUserUnknown, pam.ErrNoCredentials, pam.ErrNotFound, pam.ErrDenied} {
		if errors.Is(err, class) {
			return false
		}
	}
	return true
}

// search is one look-up under way.
type search struct {
	engine  *Engine
	req     FindRequest
	finding Finding
}

func (s *search) note(step Step) { s.finding.Steps = append(s.finding.Steps, step) }

// climb asks everything for one identity.
func (s *search) climb(ctx context.Context, rung Rung) error {
	found, err := s.local(ctx, rung)
	if stops(err) || errors.Is(err, pam.ErrUserUnknown) {
		return err
	}
	for _, more := range []func(context.Context, Rung, []pam.Credential) ([]pam.Credential, error){s.domain, s.shared} {
		creds, err := more(ctx, rung, found)
		if err != nil {
			return err
		}
		found = append(found, creds...)
	}
	if found = merge(found); len(found) > 0 {
		s.finding.Identity, s.finding.Credentials = rung.Identity, found
	}
	return nil
}

// ask runs one question and notes it. A failure that moves on is noted only.
func (s *search) ask(rung Rung, asked, setting string, list func() ([]pam.Credential, error)) ([]pam.Credential, error) {
	creds, err := list()
	step := Step{Identity: rung.Identity, Asked: asked, Setting: setting, Found: len(creds), Class: classOf(err)}
	s.note(step)
	return creds, err
}

func classOf(err error) pam.Class {
	if err == nil {
		return ""
	}
	var f *pam.Failure
	if errors.As(err, &f) {
		return f.Class
	}
	return pam.ErrOther
}

// local asks for the system's own credentials under each of its names, until
// one name yields.
func (s *search) local(ctx context.Context, rung Rung) ([]pam.Credential, error) {
	names := Names(s.req.Endpoint, rung.Identity, s.engine.Rules)
	for i := 0; i < len(names); i++ {
		setting := names[i].Setting
		if i == 0 && setting == "endpoint" {
			setting = rung.Setting
		}
		creds, err := s.ask(rung, "stored credentials of "+names[i].Text, setting, func() ([]pam.Credential, error) {
			return s.engine.Source.Stored(ctx, rung.Identity, names[i].Text)
		})
		if len(creds) > 0 || stops(err) || errors.Is(err, pam.ErrUserUnknown) {
			return creds, err
		}
		if names[i].ByIP && s.req.Endpoint.Host == "" {
			names = append(names, s.resolve(ctx, rung)...)
		}
	}
	return nil, nil
}

// resolve finds the name of an endpoint of which only the address is known.
// Not to find it is no failure.
func (s *search) resolve(ctx context.Context, rung Rung) []Name {
	ip := s.req.Endpoint.IP
	name, err := s.engine.Source.SystemName(ctx, rung.Identity, ip)
	s.note(Step{Identity: rung.Identity, Asked: "system name of " + ip.String(), Setting: "endpoint", Class: classOf(err)})
	if err != nil || name == "" || name == ip.String() {
		return nil
	}
	return []Name{{Text: name, Setting: "endpoint"}}
}

// domain asks for domain accounts, unless the endpoint is known not to be a
// Windows system.
func (s *search) domain(ctx context.Context, rung Rung, local []pam.Credential) ([]pam.Credential, error) {
	if len(local) > 0 && !slices.ContainsFunc(local, func(c pam.Credential) bool { return c.Type == pam.StoreWindows }) {
		return nil, nil
	}
	var found []pam.Credential
	domains, setting := Domains(s.req.Endpoint, s.engine.Rules)
	for _, d := range domains {
		creds, err := s.ask(rung, "domain credentials of "+d, setting, func() ([]pam.Credential, error) {
			return s.engine.Source.Stored(ctx, rung.Identity, d)
		})
		if stops(err) {
			return nil, err
		}
		for i := range creds {
			creds[i].Kind = pam.KindDomain
		}
		found = append(found, creds...)
	}
	return found, nil
}

// shared asks for the entries of shared lists that are for this endpoint.
func (s *search) shared(ctx context.Context, rung Rung, _ []pam.Credential) ([]pam.Credential, error) {
	if !s.engine.Rules.IncludeSharedLists {
		s.note(Step{Identity: rung.Identity, Asked: "shared credential lists", Setting: "include_shared_lists", Skipped: true})
		return nil, nil
	}
	lists, err := s.engine.Source.SharedLists(ctx, rung.Identity)
	if err != nil {
		s.note(Step{Identity: rung.Identity, Asked: "shared credential lists", Setting: "include_shared_lists", Class: classOf(err)})
		return nil, onlyStopping(err)
	}
	var found []pam.Credential
	for _, list := range lists {
		creds, err := s.ask(rung, "entries of the shared list "+list, "include_shared_lists", func() ([]pam.Credential, error) {
			return s.entries(ctx, rung, list)
		})
		if stops(err) {
			return nil, err
		}
		found = append(found, creds...)
	}
	return found, nil
}

func (s *search) entries(ctx context.Context, rung Rung, list string) ([]pam.Credential, error) {
	all, err := s.engine.Source.SharedEntries(ctx, rung.Identity, list)
	return slices.DeleteFunc(all, func(c pam.Credential) bool { return !sameEndpoint(c.System, s.req.Endpoint) }), err
}

func onlyStopping(err error) error {
	if stops(err) {
		return err
	}
	return nil
}

// merge sorts credentials and drops duplicates.
func merge(creds []pam.Credential) []pam.Credential {
	slices.SortStableFunc(creds, pam.CompareCredentials)
	return slices.CompactFunc(creds, pam.Credential.Same)
}

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }
