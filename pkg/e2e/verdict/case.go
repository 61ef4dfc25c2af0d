package verdict

import (
	"net/netip"
	"time"
)

// Way is how an application proves itself.
type Way string

// The ways.
const (
	Generated Way = "generated credential"
	Typed     Way = "typed credential"
	Windows   Way = "Windows account"
)

// Proof is what it brings.
type Proof string

// The proofs. A Windows account has a realm that is taken, or another one.
const (
	Right     Proof = "the right one"
	Wrong     Proof = "a wrong one"
	Nobody    Proof = "one for a name that there is not"
	OtherWay  Proof = "one of the other way"
	Elsewhere Proof = "one of another realm"
)

// Change is what becomes of the record between the log-in and the call.
type Change string

// The changes.
const (
	Nothing            Change = "nothing"
	Described          Change = "described anew"
	Widened            Change = "more addresses"
	Deactivated        Change = "deactivated"
	DeactivatedAndBack Change = "deactivated and back"
	Rotated            Change = "another credential or account"
	Closed             Change = "the address is no more allowed"
	ClosedAndBack      Change = "the address is no more allowed, and then again"
	Deleted            Change = "deleted"
	DeletedAndBack     Change = "deleted, and made anew with the same name"
	LoggedOut          Change = "logged out"
)

// Holder is who holds the credential already.
type Holder string

// The holders.
const (
	NoHolder Holder = "nobody"
	Itself   Holder = "the integration itself"
	Other    Holder = "somebody else"
	Overdue  Holder = "somebody whose time is over"
)

// Word is what somebody says to the request for approval.
type Word struct {
	By      string // an administrator; Self is the integration itself
	Approve bool
	At      time.Duration // after the request
}

// Self is the requester as an approver.
const Self = "the requester"

// Case is everything that decides.
type Case struct {
	Way     Way
	Proof   Proof
	Active  bool
	Allowed []string // addresses and networks
	From    netip.Addr

	Meanwhile Change
	Passed    time.Duration // from the log-in to the call
	CallFrom  netip.Addr
	Invented  bool // the call brings a token that nobody was given

	Grants  []string // system/account, with *
	System  string
	Account string
	Kept    bool // there is such a credential

	Most    time.Duration // the integration's hours
	Ask     time.Duration // 0: nothing is said
	Longest time.Duration // the policy's; 0: none

	Justification string        // for skipping approval
	SkipEnds      bool          // with a date
	SkipUntil     time.Duration // after the call; may be before it

	Needed    int // approvals
	Approvers []string
	Timeout   time.Duration
	Accept    bool // what becomes of it when the time is over
	Exclusive bool
	Held      Holder

	Words   []Word
	Collect time.Duration // after the request
}
