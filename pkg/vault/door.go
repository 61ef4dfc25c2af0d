package vault

import (
	"context"
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Door is where a call came in.
type Door struct {
	From    netip.Addr // of the caller itself, not of a proxy before us
	Request string     // id of the call, which goes into its events
}

// normal is the door with the address in its one form.
func (d Door) normal() Door {
	d.From = d.From.Unmap().WithZone("")
	return d
}

// Actor is the integration as the one that acts through the door.
func (d Door) Actor(i Integration) Actor {
	a := Actor{Kind: ActorIntegration, ID: i.ID, Name: i.Name, Call: d.Request}
	if d.From.IsValid() {
		a.Address = d.normal().From.String()
	}
	return a
}

// Admission is what a log-in gives.
type Admission struct {
	Token       secret.Value // 48 characters that may stand in a header
	Expires     time.Time
	Integration Integration
}

// TokenLife is how long a token is good when Options say nothing.
const TokenLife = 15 * time.Minute

// Gate bounds how many slow hashes are computed at once. Do runs work, or fails
// when it should not be waited for; the failure is handed to the caller.
type Gate interface {
	Do(ctx context.Context, work func()) error
}

// noGate is the gate of a Service that was given none.
type noGate struct{}

func (noGate) Do(_ context.Context, work func()) error {
	work()
	return nil
}

// Cause is what exactly was wrong with a call that was refused.
type Cause string

// The causes.
const (
	CauseUnknownName     Cause = "unknown_name"
	CauseUnknownAccount  Cause = "unknown_account" // no integration has the account that Kerberos proved
	CauseManyAccounts    Cause = "many_accounts"   // several have it
	CauseUnproven        Cause = "unproven_ticket" // a Kerberos ticket that proves nothing
	CauseNTLM            Cause = "ntlm"            // no Kerberos ticket, but a token of NTLM
	CauseWrongCredential Cause = "wrong_credential"
	CauseInactive        Cause = "inactive"
	CauseAddress         Cause = "address_not_allowed"
	CauseUnknownToken    Cause = "unknown_token"
	CauseExpiredToken    Cause = "expired_token"
	CauseRevokedToken    Cause = "revoked_token"
	CauseForeignToken    Cause = "token_of_another_address"
)

// Refusal is why somebody was not let in. Whoever is refused is told Failure,
// which says the same for all that he has no right to tell apart; what Cause
// and Detail say is for the log and the record of events.
type Refusal struct {
	Failure     *pam.Failure // pam.ErrSignInRefused, pam.ErrTokenRefused or pam.ErrDenied
	Cause       Cause
	Detail      string // one line, without secrets and without what a stranger gave as a name
	From        netip.Addr
	Integration string // its name; empty when it is not known
	Unrecorded  error  // why there is no event of it, when there should be one
}

// Error is what the caller may know.
func (r *Refusal) Error() string { return r.Failure.Error() }

// Unwrap is the failure that the caller is told.
func (r *Refusal) Unwrap() error { return r.Failure }

// refuse makes a refusal; i is the zero Integration when it is not known.
func refuse(d Door, i Integration, cause Cause, detail string) *Refusal {
	return &Refusal{Failure: cause.failure(), Cause: cause, Detail: detail, From: d.From, Integration: i.Name}
}

// failure is what the caller is told. Each is one for several causes.
func (c Cause) failure() *pam.Failure {
	switch c {
	case CauseInactive, CauseAddress:
		return pam.Failf(pam.ErrDenied, "the integration may not sign in").WithHint("ask an administrator of the vault: its record of events says why")
	case CauseUnknownToken, CauseExpiredToken, CauseRevokedToken, CauseForeignToken:
		return pam.Failf(pam.ErrTokenRefused, "the token is not accepted").WithHint("sign in again")
	}
	return pam.Failf(pam.ErrSignInRefused, "the sign-in was refused").WithHint("look at name and credential; the vault's record of events says what was wrong")
}
