package vault

import (
	"context"
	"strings"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
)

// SourceKind is what sort of place a secret is kept in.
type SourceKind string

// The sources of credentials.
const (
	SourceHere  SourceKind = ""      // the vault's own store
	SourceRedIM SourceKind = "redim" // a RED IM service: the vault passes its check-outs on
)

// Source says where the secret of a credential is kept.
type Source struct {
	Kind    SourceKind
	Profile string // of the settings that name the service; empty for SourceHere
	User    string // who may use the account there; empty: the delegation identity
}

// Here reports whether the vault keeps the secret itself.
func (s Source) Here() bool { return s.Kind == SourceHere }

// String is empty, or redim:PROFILE, or redim:PROFILE as USER.
func (s Source) String() string {
	switch {
	case s.Here():
		return ""
	case s.User == "":
		return string(s.Kind) + ":" + s.Profile
	}
	return string(s.Kind) + ":" + s.Profile + " as " + s.User
}

// ParseSourceKind reads a source; empty or "vault" is the own store.
func ParseSourceKind(text string) (SourceKind, error) {
	switch kind := SourceKind(Fold(strings.TrimSpace(text))); kind {
	case SourceHere, "vault":
		return SourceHere, nil
	case SourceRedIM:
		return kind, nil
	}
	return "", pam.Failf(pam.ErrUsage, "source %q is not known", text).WithHint("choose vault or redim")
}

// check refuses a source that can't be asked.
func (s Source) check() error {
	switch {
	case s.Here() && (s.Profile != "" || s.User != ""):
		return pam.Failf(pam.ErrUsage, "a credential of the vault's own has no source profile and no source user").WithHint("give --source redim too")
	case s.Here():
		return nil
	case s.Profile == "":
		return pam.Failf(pam.ErrUsage, "source %s has no profile", s.Kind).WithHint("name the profile of the settings with its endpoint_url: --source-profile NAME")
	case s.User == "":
		return checkPart("source profile", s.Profile, "")
	}
	if err := checkPart("source profile", s.Profile, ""); err != nil {
		return err
	}
	_, err := pam.ParseUser(s.User)
	return err
}

// Upstreams reaches the services that other sources name.
type Upstreams interface {
	// Engine makes an engine over the service that a profile of the settings
	// names. It is the caller's own, who sets its Journal, Source and NewID.
	Engine(ctx context.Context, profile string) (*engine.Engine, error)
}

// SourceError is what became of a question to another source. It says what the
// error that it wraps says.
type SourceError struct{ Err error }

// Error is that of the source.
func (e *SourceError) Error() string { return e.Err.Error() }

// Unwrap returns it.
func (e *SourceError) Unwrap() error { return e.Err }

// fromSource marks a failure of another source; nil stays nil.
func fromSource(err error) error {
	if err == nil {
		return nil
	}
	return &SourceError{err}
}

func (s *Service) upstream(ctx context.Context, profile string) (*engine.Engine, error) {
	if s.upstreams == nil {
		return nil, pam.Failf(pam.ErrUsage, "credentials of other sources can't be had here").WithHint("use vault, or vault serve")
	}
	e, err := s.upstreams.Engine(ctx, profile)
	if err != nil {
		return nil, pam.Failf(classOf(err), "source redim:%s: %w", profile, err).WithHint("check that profile with: redim config lint --profile %s", profile)
	}
	return e, nil
}
