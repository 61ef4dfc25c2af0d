package negotiate

import "fmt"

// Reason is why an Acceptor refuses a token. It is itself an error, so that
// errors.Is(err, negotiate.Expired) asks for one.
type Reason string

// The reasons. A caller is told none of them: they are for the log.
const (
	Malformed    Reason = "malformed"     // no token at all, or a damaged one
	NTLM         Reason = "ntlm"          // a token of NTLM, which is not offered
	NotKerberos  Reason = "not_kerberos"  // another mechanism, or user-to-user
	WrongService Reason = "wrong_service" // a ticket for another service
	UnknownKey   Reason = "unknown_key"   // sealed by a key that the keytab lacks
	WeakKey      Reason = "weak_key"      // sealed by RC4 or DES
	BadTicket    Reason = "bad_ticket"    // it can't be opened, or its two halves differ
	NotYetValid  Reason = "not_yet_valid"
	Expired      Reason = "expired"
	ClockSkew    Reason = "clock_skew" // the caller's clock differs too much
	Replayed     Reason = "replayed"   // this very token was seen before
	WrongRealm   Reason = "wrong_realm"
	Busy         Reason = "busy" // too many tokens within the clock skew to remember
)

// Error makes a Reason usable as the target of errors.Is.
func (r Reason) Error() string { return string(r) }

// Refusal is an Acceptor's "no". Its text is for a log: it names principals and
// times, and no secret.
type Refusal struct {
	Reason Reason
	Detail string

	// Principal and Realm are the caller's, where the ticket could be opened.
	Principal, Realm string
}

// Error returns reason and detail.
func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }

// Is reports whether target is r's reason.
func (r *Refusal) Is(target error) bool {
	reason, ok := target.(Reason)
	return ok && reason == r.Reason
}

// Temporary reports whether the same caller may be accepted in a while, with a
// new token.
func (r *Refusal) Temporary() bool { return r.Reason == Busy }

func refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
