package vault

import "time"

// LeaseState says whether a lease holds.
type LeaseState string

// The states of a lease. It never opens again.
const (
	LeaseOpen     LeaseState = "open"
	LeaseReturned LeaseState = "returned"
	LeaseExpired  LeaseState = "expired" // returned by itself
)

// Lease is the time-bounded right that a check-out makes.
type Lease struct {
	ID           string
	CredentialID string
	Credential   string // system/account, as it was
	Secret       int64  // the number of the version that was released
	Holder       Actor
	Exclusive    bool // nobody else may hold the credential meanwhile
	Reason       string
	Comment      string
	Ticket       string
	RequestID    string // the approved request it was collected with
	Key          string // idempotency key; empty: none, or free again because it came to nothing. Unique for each holder
	Digest       string // of what was asked with the key
	At           time.Time
	Due          time.Time // never zero
	State        LeaseState
	Ended        time.Time // zero while open
	Stamp
}

// ActorKind is what sort of caller somebody is.
type ActorKind string

// The kinds of actor.
const (
	ActorAdmin       ActorKind = "admin"       // somebody with the store and its key
	ActorIntegration ActorKind = "integration" // an application
	ActorVault       ActorKind = "vault"       // the vault itself: time-outs, expiry
)

// Actor is who does something.
type Actor struct {
	Kind    ActorKind
	ID      string // of the integration; empty for others
	Name    string // as it was
	Address string // where the caller was; empty when it was no network
	Call    string // id of the call over the network; it goes into events and is not kept elsewhere
}

// Same reports whether both are the same holder.
func (a Actor) Same(o Actor) bool {
	if a.Kind == ActorIntegration || o.Kind == ActorIntegration {
		return a.Kind == o.Kind && a.ID == o.ID
	}
	return a.Kind == o.Kind && Fold(a.Name) == Fold(o.Name)
}
