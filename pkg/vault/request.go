package vault

import "time"

// RequestState is how far a request for approval has come.
type RequestState string

// A request is pending until it is decided or its time is over. An approved one
// can be collected once. One whose check-out came to nothing, for certain, is
// approved again.
const (
	RequestPending   RequestState = "pending"
	RequestApproved  RequestState = "approved"
	RequestRejected  RequestState = "rejected"
	RequestDropped   RequestState = "dropped"
	RequestCollected RequestState = "collected"
	RequestLapsed    RequestState = "lapsed" // approved, and not collected in time
)

// Request asks for a check-out that needs approval.
type Request struct {
	ID           string
	CredentialID string
	Credential   string // system/account, as it was
	Requester    Actor
	For          time.Duration // how long it is wanted
	Reason       string
	Comment      string
	Ticket       string
	Needed       int      // as the policy was when it was asked
	Approvers    []string // as above
	Then         Fallback
	State        RequestState
	Until        time.Time // when it is pending: the end of the wait; approved: the last time to collect
	Decisions    []Decision
	Lease        string // collected: the lease it became; else empty
	Key          string // idempotency key of the check-out that made it; empty: none. Unique for each requester
	Digest       string // of what was asked with the key
	Stamp
}

// Decision is one approver's word.
type Decision struct {
	By      string
	At      time.Time
	Approve bool
	Comment string
}
