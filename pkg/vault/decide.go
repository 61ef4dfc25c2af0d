package vault

import (
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// situation is all that a check-out is decided by.
type situation struct {
	now         time.Time
	actor       Actor
	credential  *Credential
	policy      *Policy
	integration *Integration  // of the actor, when it is one
	want        time.Duration // 0: as long as it may be
	open        []Lease       // of the credential, none of them overdue
	rotating    bool          // a rotator is changing the secret right now
	approved    *Request      // the actor's, ready to be collected
}

// verdict is how it was decided. Exactly one of refusal, wait and hold is set.
type verdict struct {
	refusal error
	wait    bool          // an approval is needed first
	hold    time.Duration // how long it is released for
	skipped bool          // the approval was skipped, with the integration's justification
}

// decide holds a check-out against the rules: active, granted, hours,
// approval, holders; in this order, so that nobody learns of holders of what he
// may not have.
func (s *situation) decide() verdict {
	if err := s.admit(); err != nil {
		return verdict{refusal: err}
	}
	hold, err := s.hold()
	if err != nil {
		return verdict{refusal: err}
	}
	v := verdict{hold: hold}
	if s.policy.Approval.Needed > 0 && s.approved == nil {
		if !s.skips() {
			return verdict{wait: true}
		}
		v.skipped = true
	}
	if err := s.held(); err != nil {
		return verdict{refusal: err}
	}
	return v
}

// skips reports whether the actor may do without an approval.
func (s *situation) skips() bool { return s.integration != nil && s.integration.Skip.Holds(s.now) }

func (s *situation) admit() error {
	if s.credential.Source.Here() && s.credential.Secret == 0 {
		return pam.Failf(pam.ErrNotFound, "credential %s has no secret yet", s.credential.Ref()).WithHint("give it one: credentials edit %s --secret-from SOURCE", s.credential.Ref())
	}
	if s.actor.Kind != ActorIntegration {
		return nil
	}
	switch {
	case s.integration == nil:
		return pam.Failf(pam.ErrDenied, "integration %q is no more", s.actor.Name).WithHint("ask an administrator of the vault")
	case !s.integration.Active:
		return pam.Failf(pam.ErrDenied, "integration %q is not active", s.integration.Name).WithHint("activate it with: integrations activate %s", s.integration.ID)
	case !s.integration.Granted(s.credential.System, s.credential.Account):
		return pam.Failf(pam.ErrDenied, "integration %q may not check out %s", s.integration.Name, s.credential.Ref()).
			WithHint("grant it with: integrations edit %s --add-grant PATTERN", s.integration.ID)
	}
	return nil
}

// longest is the most that the actor may hold the credential.
func (s *situation) longest() time.Duration {
	longest := MaxHold
	if s.integration != nil {
		longest = s.integration.Hours
	}
	if s.policy.Longest > 0 {
		longest = min(longest, s.policy.Longest)
	}
	return longest
}

func (s *situation) hold() (time.Duration, error) {
	longest := s.longest()
	switch {
	case s.want < 0 || s.want > longest:
		return 0, pam.Failf(pam.ErrDenied, "%s hours for %s are too long", FormatHours(s.want), s.credential.Ref()).WithHint("at most %s hours are allowed", FormatHours(longest))
	case s.approved != nil && (s.want == 0 || s.want > s.approved.For):
		return min(longest, s.approved.For), nil
	case s.want > 0:
		return s.want, nil
	case s.integration == nil:
		return min(longest, DefaultHold), nil
	}
	return longest, nil
}

func (s *situation) held() error {
	if s.rotating {
		return pam.Failf(pam.ErrConflict, "%s is getting a new secret", s.credential.Ref()).WithHint("try again in a moment")
	}
	if !s.policy.Exclusive || len(s.open) == 0 {
		return nil
	}
	l := &s.open[0]
	if l.Holder.Same(s.actor) {
		return pam.Failf(pam.ErrConflict, "you hold %s already, as checkout %s until %s", s.credential.Ref(), l.ID, timeOrNone(l.Due)).
			WithHint("check it in first: checkin %s", l.ID)
	}
	return heldByOther(s.credential, l.Holder.Name, l.Due)
}

func heldByOther(c *Credential, holder string, due time.Time) error {
	return pam.Failf(pam.ErrCheckedOut, "%s is checked out by %s until %s", c.Ref(), holder, timeOrNone(due)).
		WithHint("wait until it is checked in, or ask %s", holder)
}
