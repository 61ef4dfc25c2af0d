package vault

import (
	"time"

	"github.com/redim-tools/redim/pkg/audit"
)

// MaxPage is the most that one page holds, and DefaultPage what it holds when
// nobody says.
const (
	MaxPage     = 1000
	DefaultPage = 50
)

// Page is one part of an answer.
type Page[T any] struct {
	Items []T
	Next  string // cursor of the next part; empty: this was the last
}

// Paging says which part of an answer is wanted.
type Paging struct {
	Limit  int    // 1 to MaxPage once normalised
	After  Cursor // zero: from the beginning
	Digest string // of the criteria; a cursor belongs to those it was made for
}

// Tri is yes, no, or both when empty.
type Tri string

// The values of a Tri.
const (
	Both Tri = ""
	Yes  Tri = "yes"
	No   Tri = "no"
)

// Sort is an order of integrations. Empty leaves it to the store, which then
// takes an order that an index gives for these criteria: by name where it can.
type Sort string

// The orders.
const (
	SortAny         Sort = ""
	SortName        Sort = "name"
	SortNameDown    Sort = "-name"
	SortCreated     Sort = "created"
	SortCreatedDown Sort = "-created"
)

// IntegrationCriteria is what is searched for. The zero value finds all.
type IntegrationCriteria struct {
	Name   Match
	Words  []string // folded; each begins a word of the description
	Active Tri
	Auth   AuthType // empty: both
	Sort   Sort
	Paging
}

// CredentialCriteria is what is searched for. The zero value finds all, in the
// order of system and account.
type CredentialCriteria struct {
	For      string    // folded; the credentials for this endpoint: of this system, or with this endpoint
	Match    Match     // of system/account
	Grants   []Pattern // nil: no limit; else those that any of them covers
	Kind     CredentialKind
	Access   Access // the credential's own, or its policy's where it has none
	PolicyID string
	Paging
}

// PolicyCriteria is what is searched for, in the order of names.
type PolicyCriteria struct {
	Name Match
	Paging
}

// RequestCriteria is what is searched for, oldest first.
type RequestCriteria struct {
	IDs          []string       // any of these; none: all
	States       []RequestState // none: all
	CredentialID string
	Requester    *Actor // by Actor.Same
	Key          string
	Before       time.Time // Until is before this; zero: whenever
	Paging
}

// LeaseCriteria is what is searched for, oldest first.
type LeaseCriteria struct {
	State        LeaseState // empty: all
	CredentialID string
	Holder       *Actor // by Actor.Same
	Key          string
	Before       time.Time // Due is before this, and who is due first comes first, in one page; zero: whenever
	Paging
}

// PassageCriteria is what is searched for, by the time to look at it.
type PassageCriteria struct {
	LeaseID      string
	CredentialID string
	Before       time.Time // Look is set and before this; zero: whenever
	Limit        int       // 0: all
}

// EventCriteria is what is searched for, newest first by time, chain and
// sequence.
type EventCriteria struct {
	Since         time.Time // not before
	Until         time.Time // before
	IntegrationID string
	Integration   string       // folded name as it was
	Credential    string       // folded system/account as it was, or a pattern of it
	Kinds         []audit.Kind // any of them
	Actor         string       // folded
	Lease         string
	Released      string
	OldestFirst   bool
	Paging
}
