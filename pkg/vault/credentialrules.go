package vault

import (
	"cmp"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// CredentialEdit says what of a credential is to change. What is nil stays.
type CredentialEdit struct {
	System      *string
	Account     *string
	Kind        *CredentialKind
	Description *string
	Policy      *string // name or id; empty: the built-in policy
	Access      *Access
	Endpoints   *[]string
	Source      *Source
	Secret      secret.Value // a new version; empty: none
}

// NewCredential is the record that edits of a new one begin with.
func NewCredential() Credential { return Credential{Kind: KindPassword} }

// ParseRef reads system/account. ErrUsage when a part is missing.
func ParseRef(text string) (system, account string, err error) {
	system, account, both := strings.Cut(strings.TrimSpace(text), "/")
	if !both {
		return "", "", pam.Failf(pam.ErrUsage, "credential %q has no /", text).WithHint("name a credential as system/account")
	}
	if err := checkPart("system", system, "/*|"); err != nil {
		return "", "", err
	}
	return system, account, checkPart("account", account, "*|")
}

// ParseKind reads a kind of credential; empty is a password.
func ParseKind(text string) (CredentialKind, error) {
	k := CredentialKind(Fold(strings.TrimSpace(text)))
	if k == "" {
		return KindPassword, nil
	}
	if slices.Contains(Kinds(), k) {
		return k, nil
	}
	return "", pam.Failf(pam.ErrUsage, "kind %q is not known", text).WithHint("choose one of %s", joined(Kinds(), func(k CredentialKind) string { return string(k) }))
}

// Kinds lists the kinds of credential.
func Kinds() []CredentialKind {
	return []CredentialKind{KindPassword, KindSSHKey, KindToken, KindCertificate, KindOpaque}
}

// ParseAccess reads an access type; empty leaves it to the policy.
func ParseAccess(text string) (Access, error) {
	switch a := Access(Fold(strings.TrimSpace(text))); a {
	case "", AccessRestricted, AccessShared:
		return a, nil
	}
	return "", pam.Failf(pam.ErrUsage, "access %q is not known", text).WithHint("choose restricted or shared")
}

// apply returns c as the edit makes it, checked and canonical. The policy and
// the secret are the caller's business.
func (e CredentialEdit) apply(c Credential) (Credential, error) {
	set(&c.System, e.System)
	set(&c.Account, e.Account)
	set(&c.Kind, e.Kind)
	set(&c.Description, e.Description)
	set(&c.Access, e.Access)
	set(&c.Endpoints, e.Endpoints)
	set(&c.Source, e.Source)
	if err := checkPart("system", c.System, "/*|"); err != nil {
		return c, err
	}
	if err := checkPart("account", c.Account, "*|"); err != nil {
		return c, err
	}
	if err := checkWords("description", c.Description, maxDescription); err != nil {
		return c, err
	}
	var err error
	if c.Kind, err = ParseKind(string(c.Kind)); err != nil {
		return c, err
	}
	if c.Access, err = ParseAccess(string(c.Access)); err != nil {
		return c, err
	}
	if e.Secret.Len() > secret.MaxLen {
		return c, pam.Failf(pam.ErrUsage, "the secret has %d bytes", e.Secret.Len()).WithHint("at most %d are kept", secret.MaxLen)
	}
	if err := e.checkSource(c); err != nil {
		return c, err
	}
	c.Endpoints, err = canonicalEndpoints(c.Endpoints)
	return c, err
}

// checkSource lets a credential have its secret in one place only.
func (e CredentialEdit) checkSource(c Credential) error {
	if c.Source.Here() {
		return c.Source.check()
	}
	switch {
	case !e.Secret.IsEmpty():
		return pam.Failf(pam.ErrUsage, "%s comes from %s, which keeps its secret", c.Ref(), c.Source).WithHint("change it there")
	case c.Secret > 0:
		return pam.Failf(pam.ErrUsage, "%s has a secret here already", c.Ref()).WithHint("delete it and add it anew with --source redim")
	}
	return c.Source.check()
}

func canonicalEndpoints(list []string) ([]string, error) {
	var out []string
	for _, e := range list {
		if err := checkPart("endpoint", e, "/*|"); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Compare(Fold(a), Fold(b)) })
	return slices.CompactFunc(out, func(a, b string) bool { return Fold(a) == Fold(b) }), nil
}

// Diff lists what became different between two states of a credential.
func (c Credential) Diff(r audit.Redactor, is Credential) []audit.Change {
	var out []audit.Change
	was := c.values()
	for n, v := range is.values() {
		out = r.Diff(out, v.field, was[n].value, v.value)
	}
	return out
}

func (c Credential) values() []value {
	return []value{
		{"system", audit.Text(c.System)}, {"account", audit.Text(c.Account)}, {"kind", audit.Text(string(c.Kind))},
		{"description", audit.Text(c.Description)}, {"policy", audit.Text(c.PolicyID)}, {"access", audit.Text(string(c.Access))},
		{"endpoints", audit.Text(strings.Join(c.Endpoints, ", "))}, {"source", audit.Text(c.Source.String())},
	}
}
