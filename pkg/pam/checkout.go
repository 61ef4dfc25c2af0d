package pam

import "time"

// Checkout is one credential that was asked for, as the journal keeps it. It
// never holds the secret.
type Checkout struct {
	ID         string
	Profile    string
	Service    string   // host and port of the service that holds it; empty when nobody said
	Identity   Identity // who RED IM saw
	Credential Credential
	Comment    string
	Ticket     string
	Via        string // the program that a helper of ours asked for, and what for: git git.example.com; empty: none
	At         time.Time
	Due        time.Time // when it should be back; zero when nobody said
	State      CheckoutState
	Process    int // who answers for it, and gives it back; 0 once somebody else keeps it

	// Back is when it was given back. What followed: the id of the job that
	// changes the password, or in one word why there is none.
	Back    time.Time
	SpinJob int64
	NoSpin  string
}

// SpinUnknown is the NoSpin of a checkout that is back, and whose spin was not
// brought to an end: there may be a job or none.
const SpinUnknown = "unknown"

// CheckoutState is how far a checkout has come.
type CheckoutState string

// A checkout starts as an intent, written before the secret is asked for. A
// state that stays intended was interrupted: the service may hold it as open.
const (
	CheckoutIntended  CheckoutState = "intended"
	CheckoutOpen      CheckoutState = "open"
	CheckoutRefused   CheckoutState = "refused" // the service said no; nothing is open
	CheckoutCheckedIn CheckoutState = "checked_in"
	CheckoutRead      CheckoutState = "read" // the secret was read without a check-out; nothing is open
)

// Overdue reports whether the checkout should be back by now and is not.
func (c Checkout) Overdue(now time.Time) bool {
	return (c.State == CheckoutOpen || c.State == CheckoutIntended) && !c.Due.IsZero() && now.After(c.Due)
}
