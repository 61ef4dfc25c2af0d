package audit

import "time"

// Kind says what happened.
type Kind string

// The kinds of event. A check-out has two: the intent and the outcome.
const (
	IntegrationCreated      Kind = "integration.created"
	IntegrationChanged      Kind = "integration.changed"
	IntegrationDeleted      Kind = "integration.deleted"
	IntegrationActivated    Kind = "integration.activated"
	IntegrationDeactivated  Kind = "integration.deactivated"
	IntegrationRotated      Kind = "integration.credential_rotated"
	IntegrationLogin        Kind = "integration.login"
	IntegrationLoginRefused Kind = "integration.login_refused" // one or several attempts from one address
	IntegrationLogout       Kind = "integration.logout"
	CredentialCreated       Kind = "credential.created"
	CredentialChanged       Kind = "credential.changed"
	CredentialRotated       Kind = "credential.rotated" // it has a new secret version
	CredentialDeleted       Kind = "credential.deleted"
	PolicyCreated           Kind = "policy.created"
	PolicyChanged           Kind = "policy.changed"
	PolicyDeleted           Kind = "policy.deleted"
	RequestMade             Kind = "request.made"
	RequestDecided          Kind = "request.decided"  // one approver's word
	RequestClosed           Kind = "request.closed"   // approved, rejected, timed out, dropped or collected
	RequestReopened         Kind = "request.reopened" // its check-out came to nothing: the approval can be collected again
	CheckoutIntent          Kind = "checkout.intent"
	CheckoutOutcome         Kind = "checkout.outcome"
	CheckoutExtended        Kind = "checkout.extended"
	CheckinIntent           Kind = "checkin.intent"
	CheckinOutcome          Kind = "checkin.outcome"
	LeaseExpired            Kind = "lease.expired"   // checked in by itself, at the end of its hours
	SourceReturned          Kind = "source.returned" // given back where the credential comes from
	ApprovalSkipped         Kind = "approval.skipped"
	KeyRotated              Kind = "key.rotated"
	KeyMade                 Kind = "key.made"
	StoreOpened             Kind = "store.opened"
)

// The outcomes of an event that has one. A refusal has its pam.Class instead.
const (
	OutcomeReleased = "released"
	OutcomeDone     = "done"
	OutcomeUnknown  = "unknown"
)

// Event is one thing that happened. All texts are fit to be shown; none holds a
// secret. Names are as they were then.
type Event struct {
	Time          time.Time // UTC, in microseconds
	Kind          Kind
	Actor         string // who did it: a person, an integration, or the vault itself
	Address       string // where the caller was, when over the network
	IntegrationID string
	Integration   string
	CredentialID  string
	Credential    string // system/account
	Policy        string // name of the policy that changed or that decided
	Lease         string
	Request       string
	Reason        string
	Comment       string
	Ticket        string
	Justification string // why approval was skipped
	Outcome       string
	Released      string // keyed hash of the secret that was released
	Call          string // id of the call over the network that it happened in
	Changes       []Change
}

// Change is the old and the new value of one field of a record, as text that
// may be shown: see Redactor.
type Change struct {
	Field string
	Old   string
	New   string
}

// Rounded is t as every store can keep it: UTC, whole microseconds.
func Rounded(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
