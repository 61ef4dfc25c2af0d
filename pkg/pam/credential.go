package pam

import (
	"cmp"
	"strings"
	"time"
)

// Kind tells where a credential was found.
type Kind int

// The kinds, in the order in which a look-up lists them.
const (
	KindLocal  Kind = iota // an account of the system itself
	KindDomain             // an account of the endpoint's domain
	KindShared             // an entry of a shared credential list
)

// String is the kind's name in tables and JSON.
func (k Kind) String() string { return [...]string{"local", "domain", "shared"}[k] }

// Credential describes one credential that an identity may use. It never
// holds the secret.
type Credential struct {
	Kind         Kind
	List         string // shared credential list; empty for stored credentials
	System       string // system name; the DNS domain for a domain account
	Namespace    string
	Account      string // without a DOMAIN\ prefix
	AssetTag     string
	Target       string // the store's TargetName, for example db01\PROD
	Type         StoreType
	CustomType   string // only for StoreCustom
	Random       bool   // the password is random
	AutoSpin     bool   // it is to be spun after a check-in
	CheckedOutBy string // who holds it; empty when free
	HolderUntold bool   // the service does not say who holds it
	Expires      time.Time
	LastChanged  time.Time
}

// Ref names the credential in a message: web01/Administrator, EX\svc-deploy,
// or "Network gear: switch1/admin".
func (c Credential) Ref() string {
	switch {
	case c.Kind == KindDomain && c.Namespace != "":
		return c.Namespace + `\` + c.Account
	case c.Kind == KindShared:
		return c.List + ": " + c.System + "/" + c.Account
	}
	return c.System + "/" + c.Account
}

// Same reports whether both describe the same credential; case does not matter.
func (c Credential) Same(o Credential) bool { return CompareCredentials(c, o) == 0 }

// CompareCredentials orders credentials as a look-up lists them: local
// accounts, domain accounts, shared entries; then by name.
func CompareCredentials(a, b Credential) int {
	return cmp.Or(
		cmp.Compare(a.Kind, b.Kind),
		compareFold(a.List, b.List),
		compareFold(a.Account, b.Account),
		compareFold(a.System, b.System),
		compareFold(a.Namespace, b.Namespace),
		compareFold(a.Target, b.Target),
		cmp.Compare(a.Type, b.Type),
	)
}

func compareFold(a, b string) int {
	if a == b {
		return 0
	}
	return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
}
