package vault

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
)

// What a store answers in place of a row. The service puts them into words.
var (
	ErrAbsent = errors.New("no such row")
	ErrTaken  = errors.New("a unique name or key is taken")
	ErrStale  = errors.New("the row has another version")
	ErrInUse  = errors.New("other rows refer to the row")
)

// Store is the port to where everything is kept. Failures other than the above
// are pam.Failures. It is safe for concurrent use.
type Store interface {
	// View runs read on one consistent state.
	View(ctx context.Context, read func(context.Context, Reader) error) error
	// Glance runs a read that asks one short question, and is cheaper than View.
	Glance(ctx context.Context, read func(context.Context, Reader) error) error
	// Update runs work as one unit: all of it is kept, or nothing. It returns
	// only when the unit is on disk. A store may run several units in one
	// transaction, may run work on another goroutine, and may run it again from
	// the start; so work must not wait for anything but its Tx, and must change
	// nothing outside but variables of its caller that it sets anew each time.
	// The error of work comes back as it is, and nothing is kept then.
	Update(ctx context.Context, work func(context.Context, Tx) error) error
	// Scrub leaves nothing of what Rewrap and ChangeKeyRecord replaced, where it
	// was kept. ErrPartial when it can't reach all of it.
	Scrub(ctx context.Context) error
	// Present reads a credential, by Fold, with its present secret; a secret of no
	// number when it has none. ErrAbsent when there is no such credential.
	Present(ctx context.Context, system, account string) (Credential, SecretVersion, error)
	// Holding reads a token with what it stands for, and a lease if one is named.
	// ErrAbsent when the token or its integration is gone.
	Holding(ctx context.Context, hash TokenHash, lease string) (Holding, error)
	// Issue keeps a lease and its events as one unit, as Update would, but many
	// of them at once for the price of a few. ErrStale when what it was decided
	// on is not of its edition any more, when AddLease would be ErrTaken, or when
	// a request of the holder has its key.
	Issue(ctx context.Context, i Issue) error
	Close() error
}

// Holding is a token as it is found.
type Holding struct {
	Token   Token
	Edition Edition // of the integration that has it
	Lease   Lease   // that was named; the zero Lease when there is none
}

// Issue is a lease that was decided on.
type Issue struct {
	Lease  Lease
	On     Grounds
	Events []audit.Event
	Seal   func(audit.Head) audit.Head // closes the end of the chain
}

// Grounds are the editions of the records that a lease was decided on.
type Grounds struct {
	Credential  Edition // the lease's
	PolicyID    string
	Policy      Edition // 0: the built-in one
	Integration Edition // the holder's; 0: the holder is none

	Token TokenHash // has to be there; zero: none has
}

// Reader reads. Rows that are not there are ErrAbsent.
type Reader interface {
	IntegrationReader
	CredentialReader
	PolicyReader
	RequestReader
	LeaseReader
	EventReader
	KeyReader
	IDReader
}

// Tx reads and writes in one unit.
//
// Change methods take the record with the version that was read, write it with
// the next version, and are ErrStale when the row has another one by now.
type Tx interface {
	Reader
	IntegrationWriter
	TokenWriter
	CredentialWriter
	PolicyWriter
	RequestWriter
	LeaseWriter
	EventWriter
	KeyWriter
}

// IntegrationReader reads integrations.
type IntegrationReader interface {
	Integration(ctx context.Context, id string) (Integration, error)
	IntegrationNamed(ctx context.Context, name string) (Integration, error) // by Fold
	// IntegrationsOfAccounts lists those with one of these accounts, each in its
	// folded form; at most two for each account.
	IntegrationsOfAccounts(ctx context.Context, folded []string) ([]Integration, error)
	Integrations(ctx context.Context, c IntegrationCriteria) (Page[Integration], error)
}

// TokenWriter writes tokens.
type TokenWriter interface {
	// AddToken adds. The unit is ErrStale, at its end at the latest, unless the
	// integration that has the token is of the edition when it is added. Nobody is kept
	// from changing it beside; the epoch of the token tells then.
	AddToken(ctx context.Context, t Token, holder Edition) error
	// HasToken reports whether it is there; it may be removed before the unit ends.
	HasToken(ctx context.Context, hash TokenHash) (bool, error)
	RemoveToken(ctx context.Context, hash TokenHash) error
	// RemoveTokens removes some that end before then, and tells how many.
	RemoveTokens(ctx context.Context, before time.Time, limit int) (int, error)
}

// IntegrationWriter writes integrations. A name that is taken is ErrTaken.
type IntegrationWriter interface {
	AddIntegration(ctx context.Context, i Integration) error
	ChangeIntegration(ctx context.Context, i Integration) error
	RemoveIntegration(ctx context.Context, id string, version int64) error
}

// CredentialReader reads credentials and their secret versions.
type CredentialReader interface {
	Credential(ctx context.Context, id string) (Credential, error)
	CredentialNamed(ctx context.Context, system, account string) (Credential, error) // by Fold
	Credentials(ctx context.Context, c CredentialCriteria) (Page[Credential], error)
	SecretVersion(ctx context.Context, credentialID string, number int64) (SecretVersion, error)
	SecretVersions(ctx context.Context, credentialID string) ([]SecretVersion, error) // newest first
	// WrappedByOthers lists secret versions of any credential that another key
	// than this one wraps.
	WrappedByOthers(ctx context.Context, keyID string, limit int) ([]SecretVersion, error)
	Wrappings(ctx context.Context) ([]Wrapping, error) // in the order of the key ids
}

// CredentialWriter writes credentials and their secret versions.
type CredentialWriter interface {
	// LockCredential reads a credential, and lets no other unit lock it until
	// this one has ended.
	LockCredential(ctx context.Context, id string) (Credential, error)
	AddCredential(ctx context.Context, c Credential) error
	ChangeCredential(ctx context.Context, c Credential) error
	// RemoveCredential removes its secret versions too; ErrInUse while a lease
	// of it is open or a request pending or approved.
	RemoveCredential(ctx context.Context, id string, version int64) error
	AddSecretVersion(ctx context.Context, v SecretVersion) error
	// Rewrap replaces Wrapped and WrappedBy; ErrStale unless was wrapped it.
	Rewrap(ctx context.Context, v SecretVersion, was string) error
}

// PolicyReader reads policies.
type PolicyReader interface {
	Policy(ctx context.Context, id string) (Policy, error)
	PolicyNamed(ctx context.Context, name string) (Policy, error) // by Fold
	Policies(ctx context.Context, c PolicyCriteria) (Page[Policy], error)
}

// PolicyWriter writes policies.
type PolicyWriter interface {
	// LockRules keeps others from changing or removing a policy or an integration
	// until this unit has ended. Several units may hold it at once. It comes before
	// any other lock.
	LockRules(ctx context.Context) error
	AddPolicy(ctx context.Context, p Policy) error
	ChangePolicy(ctx context.Context, p Policy) error
	RemovePolicy(ctx context.Context, id string, version int64) error // ErrInUse while a credential has it
}

// RequestReader reads requests for approval.
type RequestReader interface {
	Request(ctx context.Context, id string) (Request, error)
	Requests(ctx context.Context, c RequestCriteria) (Page[Request], error)
}

// RequestWriter writes requests for approval.
type RequestWriter interface {
	AddRequest(ctx context.Context, r Request) error
	ChangeRequest(ctx context.Context, r Request) error
}

// LeaseReader reads leases, what they hold elsewhere, and what follows their end.
type LeaseReader interface {
	PassageReader
	RotationReader
	Lease(ctx context.Context, id string) (Lease, error)
	Leases(ctx context.Context, c LeaseCriteria) (Page[Lease], error)
}

// LeaseWriter writes leases, what they hold elsewhere, and what follows their end.
type LeaseWriter interface {
	PassageWriter
	RotationWriter
	// AddLease is ErrTaken when its id or its holder's key is taken, or when it
	// is exclusive and another exclusive lease of the credential is open.
	AddLease(ctx context.Context, l Lease) error
	ChangeLease(ctx context.Context, l Lease) error
}

// PassageReader reads passages.
type PassageReader interface {
	Passages(ctx context.Context, c PassageCriteria) ([]Passage, error)
}

// PassageWriter writes passages, one for a lease at most.
type PassageWriter interface {
	AddPassage(ctx context.Context, p Passage) error
	ChangePassage(ctx context.Context, p Passage) error // ErrAbsent when there is none
	RemovePassage(ctx context.Context, leaseID string) error
}

// EventReader reads the record of events.
type EventReader interface {
	Events(ctx context.Context, c EventCriteria) (Page[audit.Record], error)
	// Records walks over all records in the order of chain and sequence. A row
	// that can't be read as it was written ends the walk with an error.
	Records(ctx context.Context) iter.Seq2[audit.Record, error]
	Heads(ctx context.Context) ([]audit.Head, error)                    // with their MACs, in the order of the chains
	Checkpoints(ctx context.Context) iter.Seq2[audit.Checkpoint, error] // oldest first
	LastCheckpoint(ctx context.Context) (audit.Checkpoint, error)
}

// EventWriter adds to the record of events. Nothing in it changes ever.
type EventWriter interface {
	// Head is the end of the chain that this unit is to go on with. The store
	// chooses the chain: no two units that may both be kept get the same head.
	Head(ctx context.Context) (audit.Head, error)
	// AddRecords adds what was linked to that head, and keeps the new head.
	AddRecords(ctx context.Context, records []audit.Record, head audit.Head) error
	AddCheckpoint(ctx context.Context, c audit.Checkpoint) error
}

// KeyReader reads the keys of the store.
type KeyReader interface {
	KeyRecord(ctx context.Context, name string) (KeyRecord, error)
	KeyRecords(ctx context.Context) ([]KeyRecord, error) // in the order of the names
}

// KeyWriter writes the keys of the store.
type KeyWriter interface {
	// LockKeyRecord reads a record, and lets no other unit change it until this
	// one has ended. Several units may hold it at once.
	LockKeyRecord(ctx context.Context, name string) (KeyRecord, error)
	AddKeyRecord(ctx context.Context, k KeyRecord) error
	ChangeKeyRecord(ctx context.Context, k KeyRecord) error
}
