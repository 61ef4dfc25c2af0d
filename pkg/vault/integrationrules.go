package vault

import (
	"cmp"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// IntegrationEdit says what of an integration is to change. What is nil stays.
type IntegrationEdit struct {
	Name        *string
	Description *string
	Active      *bool
	Auth        *AuthType
	Account     *string
	Secret      secret.Value // typed; empty: stays
	Generate    bool         // a generated one instead
	Allowed     *[]netip.Prefix
	AddAllowed  []netip.Prefix
	DropAllowed []netip.Prefix
	Reason      *string
	Hours       *time.Duration
	Comment     *string
	Skip        *Skip
	Grants      *[]Pattern
	AddGrants   []Pattern
	DropGrants  []Pattern
}

// NewIntegration is the record that edits of a new one begin with.
func NewIntegration() Integration {
	return Integration{Active: true, Auth: AuthApplication, Hours: DefaultHold}
}

// Apply returns i as the edit makes it, checked and canonical. The secret and
// its proof are not its business.
func (e IntegrationEdit) Apply(i Integration) (Integration, error) {
	set(&i.Name, e.Name)
	set(&i.Description, e.Description)
	set(&i.Active, e.Active)
	set(&i.Auth, e.Auth)
	if e.Auth != nil && *e.Auth == AuthApplication {
		i.Account = ""
	}
	set(&i.Account, e.Account)
	set(&i.Reason, e.Reason)
	set(&i.Hours, e.Hours)
	set(&i.Comment, e.Comment)
	set(&i.Skip, e.Skip)
	set(&i.Allowed, e.Allowed)
	set(&i.Grants, e.Grants)
	var err error
	if i.Allowed, err = dropEach(append(slices.Clone(i.Allowed), e.AddAllowed...), e.DropAllowed, FormatAllowed, "address"); err != nil {
		return i, err
	}
	if i.Grants, err = dropEach(append(slices.Clone(i.Grants), e.AddGrants...), e.DropGrants, Pattern.String, "grant"); err != nil {
		return i, err
	}
	return i.canonical()
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// dropEach removes what is to go. What is not there can't go: that is a slip
// that the caller wants to know.
func dropEach[T any](list, drop []T, text func(T) string, what string) ([]T, error) {
	for _, d := range drop {
		kept := slices.DeleteFunc(slices.Clone(list), func(t T) bool { return Fold(text(t)) == Fold(text(d)) })
		if len(kept) == len(list) {
			return nil, pam.Failf(pam.ErrUsage, "%s %s is not in the list", what, text(d)).WithHint("show the record to see what is")
		}
		list = kept
	}
	return list, nil
}

// canonical checks every field and gives back the one form of the record.
func (i Integration) canonical() (Integration, error) {
	if err := checkName("name", i.Name); err != nil {
		return i, err
	}
	for _, t := range []struct {
		what, text string
		longest    int
	}{
		{"description", i.Description, maxDescription}, {"reason", i.Reason, maxWords},
		{"comment", i.Comment, maxWords}, {"justification", i.Skip.Justification, maxWords},
	} {
		if err := checkWords(t.what, t.text, t.longest); err != nil {
			return i, err
		}
	}
	if err := checkHold(i.Hours); err != nil {
		return i, err
	}
	if strings.TrimSpace(i.Skip.Justification) == "" && !i.Skip.Until.IsZero() {
		return i, pam.Failf(pam.ErrUsage, "a date for skipping approval has no justification").WithHint("say why approval may be skipped, or leave the date out")
	}
	i.Skip.Until = audit.Rounded(i.Skip.Until)
	if i.Skip.Justification = strings.TrimSpace(i.Skip.Justification); i.Skip.Justification == "" {
		i.Skip.Until = time.Time{}
	}
	i.Allowed = sortAllowed(i.Allowed)
	i.Grants = sortGrants(i.Grants)
	return i.checkAuth()
}

func (i Integration) checkAuth() (Integration, error) {
	switch i.Auth {
	case AuthApplication:
		if i.Account != "" {
			return i, pam.Failf(pam.ErrUsage, "authentication by application takes no account").WithHint("give the secret, or choose authentication by windows")
		}
		return i, nil
	case AuthWindows:
		if i.Account == "" {
			return i, pam.Failf(pam.ErrUsage, "authentication by windows needs an account").WithHint(accountHint)
		}
		i.Proof = Proof{}
		account, err := ParseAccount(i.Account)
		i.Account = account
		return i, err
	}
	return i, pam.Failf(pam.ErrUsage, "authentication %q is not known", i.Auth).WithHint("choose windows or application")
}

func sortGrants(list []Pattern) []Pattern {
	out := slices.Clone(list)
	slices.SortFunc(out, func(a, b Pattern) int { return cmp.Compare(Fold(a.String()), Fold(b.String())) })
	return slices.CompactFunc(out, func(a, b Pattern) bool { return Fold(a.String()) == Fold(b.String()) })
}

// Granted reports whether the integration may have a credential.
func (i Integration) Granted(system, account string) bool {
	return slices.ContainsFunc(i.Grants, func(p Pattern) bool { return p.Covers(system, account) })
}

// Warnings says what an administrator should know of a record that is valid.
func (i Integration) Warnings() []string {
	var out []string
	if len(i.Allowed) == 0 {
		out = append(out, "no address is allowed: "+i.Name+" can't sign in from anywhere")
	}
	if len(i.Grants) == 0 {
		out = append(out, "nothing is granted: "+i.Name+" can't check anything out")
	}
	if i.Auth == AuthApplication && i.Proof.Kind == ProofNone {
		out = append(out, "there is no credential: "+i.Name+" can't sign in before it has one")
	}
	return out
}

// Diff lists what became different between two states of an integration.
func (i Integration) Diff(r audit.Redactor, is Integration) []audit.Change {
	var out []audit.Change
	was := i.values()
	for n, v := range is.values() {
		out = r.Diff(out, v.field, was[n].value, v.value)
	}
	return out
}

type value struct {
	field string
	value audit.Value
}

// values are the fields in the order of a record, each with its class.
func (i Integration) values() []value {
	return []value{
		{"name", audit.Text(i.Name)}, {"description", audit.Text(i.Description)}, {"active", audit.Text(yesNo(i.Active, i.Name != ""))},
		{"auth", audit.Text(string(i.Auth))}, {"account", audit.Text(i.Account)}, {"credential", i.Proof.value()},
		{"allowed", audit.Text(joined(i.Allowed, FormatAllowed))}, {"reason", audit.Text(i.Reason)}, {"hours", audit.Text(hoursOrNone(i.Hours))},
		{"comment", audit.Text(i.Comment)}, {"skip_approval_justification", audit.Text(i.Skip.Justification)},
		{"skip_approval_until", audit.Text(timeOrNone(i.Skip.Until))}, {"grants", audit.Text(joined(i.Grants, Pattern.String))},
	}
}

func (p Proof) value() audit.Value {
	if p.Kind == ProofNone {
		return audit.Hashed(secret.Value{})
	}
	return audit.Hashed(secret.FromString(string(p.Kind) + ":" + hex.EncodeToString(p.Salt) + ":" + hex.EncodeToString(p.Sum)))
}

func yesNo(b, known bool) string {
	switch {
	case !known:
		return ""
	case b:
		return string(Yes)
	}
	return string(No)
}

func joined[T any](list []T, text func(T) string) string {
	var out []string
	for _, t := range list {
		out = append(out, text(t))
	}
	return strings.Join(out, ", ")
}

func hoursOrNone(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return FormatHours(d)
}

func timeOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
