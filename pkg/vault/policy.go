package vault

import "time"

// Policy is what has to be kept when a credential is checked out.
type Policy struct {
	ID          string
	Name        string // unique by Fold
	Description string
	Approval    Approval
	Exclusive   bool          // one holder at a time
	Longest     time.Duration // 0: no limit of its own
	Rotator     string        // called after a check-in; empty: none
	Access      Access
	Stamp
}

// Approval says who must agree. The zero Approval asks nobody.
type Approval struct {
	Needed    int      // how many must approve; 0: none
	Approvers []string // who may; empty: any administrator
	Timeout   time.Duration
	Then      Fallback
}

// Fallback is what becomes of a request that nobody decided in time.
type Fallback string

// The fallbacks.
const (
	ThenReject Fallback = "reject"
	ThenAccept Fallback = "accept"
)
