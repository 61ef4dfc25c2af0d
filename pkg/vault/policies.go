package vault

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
)

// PolicyEdit says what of a policy is to change. What is nil stays.
type PolicyEdit struct {
	Name        *string
	Description *string
	Needed      *int
	Approvers   *[]string
	Timeout     *time.Duration
	Then        *Fallback
	Exclusive   *bool
	Longest     *time.Duration
	Rotator     *string
	Access      *Access
}

// The bounds of the wait for an approval.
const (
	MinWait     = time.Hour
	MaxWait     = 99 * time.Hour
	DefaultWait = 24 * time.Hour
)

// NewPolicy is the record that edits of a new one begin with. It asks nobody
// and lets one hold a credential at a time.
func NewPolicy() Policy {
	return Policy{Approval: Approval{Timeout: DefaultWait, Then: ThenReject}, Exclusive: true, Access: AccessRestricted}
}

// builtinPolicy is that of credentials which have none.
func builtinPolicy() Policy {
	p := NewPolicy()
	p.Name = "built-in"
	return p
}

// apply returns p as the edit makes it, checked and canonical.
func (e PolicyEdit) apply(p Policy) (Policy, error) {
	set(&p.Name, e.Name)
	set(&p.Description, e.Description)
	set(&p.Approval.Needed, e.Needed)
	set(&p.Approval.Approvers, e.Approvers)
	set(&p.Approval.Timeout, e.Timeout)
	set(&p.Approval.Then, e.Then)
	set(&p.Exclusive, e.Exclusive)
	set(&p.Longest, e.Longest)
	set(&p.Rotator, e.Rotator)
	set(&p.Access, e.Access)
	if err := checkName("name", p.Name); err != nil {
		return p, err
	}
	if err := errors.Join(checkWords("description", p.Description, maxDescription), checkWords("rotator", p.Rotator, maxName)); err != nil {
		return p, err
	}
	if p.Longest != 0 {
		if err := checkHold(p.Longest); err != nil {
			return p, err
		}
	}
	if p.Rotator == "none" {
		p.Rotator = ""
	}
	var err error
	if p.Access, err = ParseAccess(string(p.Access)); err != nil {
		return p, err
	}
	p.Approval, err = p.Approval.canonical()
	return p, err
}

func (a Approval) canonical() (Approval, error) {
	var approvers []string
	for _, name := range a.Approvers {
		if err := checkName("approver", name); err != nil {
			return a, err
		}
		approvers = append(approvers, name)
	}
	slices.SortFunc(approvers, func(a, b string) int { return cmp.Compare(Fold(a), Fold(b)) })
	a.Approvers = slices.CompactFunc(approvers, func(a, b string) bool { return Fold(a) == Fold(b) })
	switch {
	case a.Needed < 0 || a.Needed > maxName:
		return a, pam.Failf(pam.ErrUsage, "%d approvals are out of bounds", a.Needed).WithHint("give 0 for none, or how many must approve")
	case len(a.Approvers) > 0 && a.Needed > len(a.Approvers):
		return a, pam.Failf(pam.ErrUsage, "%d approvals are needed, and there are %d approvers", a.Needed, len(a.Approvers)).WithHint("name more approvers, or ask for fewer approvals")
	case a.Timeout < MinWait || a.Timeout > MaxWait:
		return a, pam.Failf(pam.ErrUsage, "a wait of %s hours is out of bounds", FormatHours(a.Timeout)).WithHint("give 1 to 99 hours")
	case a.Then != ThenReject && a.Then != ThenAccept:
		return a, pam.Failf(pam.ErrUsage, "%q is no end of a wait", a.Then).WithHint("choose reject or accept")
	}
	return a, nil
}

// Diff lists what became different between two states of a policy.
func (p Policy) Diff(r audit.Redactor, is Policy) []audit.Change {
	var out []audit.Change
	was := p.values()
	for n, v := range is.values() {
		out = r.Diff(out, v.field, was[n].value, v.value)
	}
	return out
}

func (p Policy) values() []value {
	known := p.Name != ""
	needed := ""
	if known {
		needed = strconv.Itoa(p.Approval.Needed)
	}
	return []value{
		{"name", audit.Text(p.Name)}, {"description", audit.Text(p.Description)}, {"approvals", audit.Text(needed)},
		{"approvers", audit.Text(strings.Join(p.Approval.Approvers, ", "))}, {"timeout", audit.Text(hoursOrNone(p.Approval.Timeout))},
		{"then", audit.Text(string(p.Approval.Then))}, {"exclusive", audit.Text(yesNo(p.Exclusive, known))},
		{"longest", audit.Text(hoursOrNone(p.Longest))}, {"rotator", audit.Text(p.Rotator)}, {"access", audit.Text(string(p.Access))},
	}
}

// Policies searches. An empty cursor begins, and Next of a page goes on.
func (s *Service) Policies(ctx context.Context, c PolicyCriteria, cursor string) (Page[Policy], error) {
	bare := c
	bare.Paging = c.bare()
	var err error
	if c.Paging, err = c.Paging.normalise(cursor, bare); err != nil {
		return Page[Policy]{}, err
	}
	return view(ctx, s, func(ctx context.Context, r Reader) (Page[Policy], error) { return r.Policies(ctx, c) })
}

// Policy finds one by name or id.
func (s *Service) Policy(ctx context.Context, ref string) (Policy, error) {
	return view(ctx, s, func(ctx context.Context, r Reader) (Policy, error) { return policyOf(ctx, r, ref) })
}

// policyOf finds one by its name, its id or the beginning of that.
func policyOf(ctx context.Context, r Reader, ref string) (Policy, error) {
	p, err := r.PolicyNamed(ctx, strings.TrimSpace(ref))
	if !errors.Is(err, ErrAbsent) {
		return p, err
	}
	id, err := wholeID(ctx, r, KindPolicy, ref)
	if err == nil {
		p, err = r.Policy(ctx, id)
	}
	return p, found(err, "policy", ref, "policies list")
}

// CreatePolicy makes a new one. ErrConflict when the name is taken.
func (s *Service) CreatePolicy(ctx context.Context, a Actor, edit PolicyEdit) (Policy, error) {
	p, err := edit.apply(NewPolicy())
	if err == nil {
		err = s.knowsRotator(p.Rotator)
	}
	if err != nil {
		return p, err
	}
	p.ID, p.Stamp = s.newID(), s.stamp(a)
	err = s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.AddPolicy(ctx, p); err != nil {
			return policyTaken(err, p.Name)
		}
		return s.record(ctx, tx, s.policyEvent(audit.PolicyCreated, a, p.Name, Policy{}.Diff(s.redactor(), p)))
	})
	return p, err
}

// knowsRotator refuses the name of a rotator that this program could not call.
func (s *Service) knowsRotator(name string) error {
	if _, ok := s.rotators[name]; ok || name == "" {
		return nil
	}
	known := "there is none here yet"
	if len(s.rotators) > 0 {
		known = "there are: " + strings.Join(slices.Sorted(maps.Keys(s.rotators)), ", ")
	}
	return pam.Failf(pam.ErrUsage, "there is no rotator %q", name).WithHint("%s; the setting rotators.NAME makes one, and none does without", known)
}

// EditPolicy changes what the edit names; see EditIntegration for seen. Requests
// that are pending keep the rules they were asked under.
func (s *Service) EditPolicy(ctx context.Context, a Actor, ref string, seen int64, edit PolicyEdit) (Policy, []audit.Change, error) {
	var is Policy
	var changes []audit.Change
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		was, err := policyOf(ctx, tx, ref)
		if err != nil {
			return err
		}
		if seen != 0 && seen != was.Version {
			return s.overtaken(ctx, tx, EventCriteria{Kinds: []audit.Kind{audit.PolicyChanged}}, "policy", was.Name, seen)
		}
		if is, err = edit.apply(was); err != nil {
			return err
		}
		if is.Rotator != was.Rotator {
			if err := s.knowsRotator(is.Rotator); err != nil {
				return err
			}
		}
		if changes = was.Diff(s.redactor(), is); len(changes) == 0 {
			return nil
		}
		is.Stamp = s.touch(was.Stamp, a)
		if err := tx.ChangePolicy(ctx, is); err != nil {
			return policyTaken(err, is.Name)
		}
		is.Version++
		return s.record(ctx, tx, s.policyEvent(audit.PolicyChanged, a, is.Name, append(slices.Clone(changes), versionChange(was.Version))))
	})
	return is, changes, err
}

// DeletePolicy removes one that no credential has. Its events stay.
func (s *Service) DeletePolicy(ctx context.Context, a Actor, ref string) (Policy, error) {
	var gone Policy
	err := s.store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		if gone, err = policyOf(ctx, tx, ref); err != nil {
			return err
		}
		err = tx.RemovePolicy(ctx, gone.ID, gone.Version)
		if errors.Is(err, ErrInUse) {
			return pam.Failf(pam.ErrConflict, "policy %q is that of a credential", gone.Name).WithHint("give those credentials another policy first: credentials list --policy %q", gone.Name)
		}
		if err != nil {
			return changedMeanwhile(err, "policy", gone.Name)
		}
		return s.record(ctx, tx, s.policyEvent(audit.PolicyDeleted, a, gone.Name, gone.Diff(s.redactor(), Policy{})))
	})
	return gone, err
}

func policyTaken(err error, name string) error {
	if errors.Is(err, ErrTaken) {
		return pam.Failf(pam.ErrConflict, "there is a policy %q already; case does not matter", name).WithHint("choose another name, or edit that one")
	}
	return changedMeanwhile(err, "policy", name)
}

func (s *Service) policyEvent(kind audit.Kind, a Actor, name string, changes []audit.Change) audit.Event {
	e := s.event(kind, a)
	e.Policy, e.Changes = name, changes
	return e
}
