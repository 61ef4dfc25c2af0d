package pam

import (
	"errors"
	"fmt"
)

// Class names one kind of failure that a caller may act on. The same word
// stands in JSON errors, in the table of exit codes and in test-settings.
// A Class is itself an error, so errors.Is(err, pam.ErrNoCredentials) asks
// whether err is, or wraps, a failure of that class.
type Class string

// The classes. The exit code of each is decided in one place, pkg/cli.
const (
	ErrOther       Class = "other"       // none of the below
	ErrUsage       Class = "usage"       // wrong flags, arguments, settings or input
	ErrPartial     Class = "partial"     // some of it was done, some was not
	ErrDenied      Class = "denied"      // signed in, but the act is not permitted
	ErrNotFound    Class = "not_found"   // the named thing does not exist
	ErrConflict    Class = "conflict"    // taken by, held by or changed by somebody else meanwhile
	ErrPending     Class = "pending"     // waits for an approval or a job
	ErrUnreachable Class = "unreachable" // no answer, or the service answered that it is out of order
	ErrTLS         Class = "tls"         // the certificate or the handshake was refused
	ErrProtocol    Class = "protocol"    // an answer that is none: HTML, too long, cut, no expected member
	ErrJournal     Class = "journal_unavailable"
	ErrInterrupted Class = "interrupted"

	ErrDelegationRefused Class = "delegation_refused" // the delegation identity could not sign in
	ErrNoImpersonation   Class = "no_impersonation"   // it may not act as the user
	ErrUserUnknown       Class = "user_unknown"       // the service knows no such identity
	ErrNoCredentials     Class = "no_credentials"     // known user, nothing here
	ErrCheckedOut        Class = "checked_out_by_other"
	ErrTokenRefused      Class = "token_refused"   // expired or revoked; sign in again
	ErrSignInRefused     Class = "sign_in_refused" // unknown, or not proven

	// ErrUncertain stands beside another class: the request may have been
	// carried out although its answer was lost.
	ErrUncertain Class = "uncertain"

	ErrSpinNotPermitted Class = "spin_not_permitted"
	ErrNoTemplateJob    Class = "no_template_job"
	ErrClockSkew        Class = "clock_skew"
	ErrUnattested       Class = "unattested" // an operation that no public material attests
)

// ErrVague stands beside a class: the service refused without saying why, and
// the class is only the likeliest reason.
var ErrVague = errors.New("the service did not say why")

// ErrNotSent stands beside a class: the service certainly never got the request,
// or answered that it did not look at it, so nothing can have happened there.
var ErrNotSent = errors.New("the service did not get the request")

// Error makes a Class usable as the target of errors.Is.
func (c Class) Error() string { return string(c) }

// Failure is an error of a known class. Message says what failed and on what,
// in lower case and without a period; Hint says how to mend it, as a sentence
// for a tired administrator, and may be empty. Neither ever holds a secret.
type Failure struct {
	Class   Class
	Message string
	Hint    string
	Err     error // the cause, if there is one
}

// Failf makes a Failure. A %w verb in format keeps the cause, several keep them all.
func Failf(class Class, format string, args ...any) *Failure {
	err := fmt.Errorf(format, args...)
	f := &Failure{Class: class, Message: err.Error(), Err: errors.Unwrap(err)}
	if many, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok && f.Err == nil {
		f.Err = errors.Join(many.Unwrap()...)
	}
	return f
}

// WithHint sets the hint and returns f.
func (f *Failure) WithHint(format string, args ...any) *Failure {
	f.Hint = fmt.Sprintf(format, args...)
	return f
}

// Uncertain marks that the act may have been done although it failed, so that
// errors.Is(f, ErrUncertain) holds beside f's own class. It returns f.
func (f *Failure) Uncertain() *Failure {
	f.Err = errors.Join(f.Err, ErrUncertain)
	return f
}

// Error returns the message.
func (f *Failure) Error() string { return f.Message }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Is reports whether target is f's class.
func (f *Failure) Is(target error) bool {
	c, ok := target.(Class)
	return ok && c == f.Class
}
