package vault

import "time"

// CredentialKind is what sort of secret a credential has.
type CredentialKind string

// The kinds of credential.
const (
	KindPassword    CredentialKind = "password"
	KindSSHKey      CredentialKind = "ssh-key"
	KindToken       CredentialKind = "token"
	KindCertificate CredentialKind = "certificate"
	KindOpaque      CredentialKind = "opaque"
)

// Access says where a credential is offered.
type Access string

// The access types. Empty leaves it to the policy.
const (
	AccessRestricted Access = "restricted" // for its own system and its endpoints only
	AccessShared     Access = "shared"     // for every endpoint
)

// Credential is one account with its secret. The secret is in its versions.
type Credential struct {
	ID          string
	System      string // unique by Fold, together with the account
	Account     string
	Kind        CredentialKind
	Description string
	PolicyID    string // empty: the built-in policy, which asks for nothing
	Access      Access
	Endpoints   []string // further systems that it is for
	Source      Source   // where its secret is; a credential from elsewhere has no version here
	Secret      int64    // number of the present secret version; 0 before the first
	Stamp
}

// Ref is system/account.
func (c Credential) Ref() string { return c.System + "/" + c.Account }

// SecretVersion is one secret of a credential, sealed. The data key is wrapped
// by the master key WrappedBy.
type SecretVersion struct {
	CredentialID string
	Number       int64 // 1 is the first
	Sealed       []byte
	Wrapped      []byte
	WrappedBy    string
	Created      time.Time
	CreatedBy    string
}
