package cli

import (
	"context"
	"errors"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// The exit codes. Each comment is the code's line in docs/exit-codes.md. A
// command that runs a child passes the child's code through and reports its own
// 1 and 2 as 101 and 102; 100 to 119 is this toolkit's own band.
const (
	ExitOK               = 0   // Fine. An empty list is fine too.
	ExitOther            = 1   // A failure of none of the kinds below.
	ExitUsage            = 2   // Wrong flags, arguments, settings or input; or a choice that a script has to make.
	ExitOwnOther         = 101 // A failure of none of the kinds below, of a command that runs a program.
	ExitOwnUsage         = 102 // Wrong flags, arguments, settings or input, of a command that runs a program.
	ExitPartial          = 103 // Partly done: see the message for what was and what was not.
	ExitSignIn           = 104 // The delegation identity or the integration could not sign in, or a token was refused twice.
	ExitDenied           = 105 // Signed in, but not permitted; also: no impersonation mapping for this user.
	ExitNotFound         = 106 // The named thing does not exist; also: the user has no credential on this endpoint.
	ExitConflict         = 107 // Checked out by someone else, or changed by someone else meanwhile.
	ExitPending          = 108 // Waits for an approval or a job.
	ExitUnreachable      = 109 // The service does not answer, or answers that it is out of order.
	ExitJournal          = 110 // The journal of checkouts, or the audit record, can't be written; nothing was released.
	ExitTLS              = 111 // The service's certificate or the TLS handshake was refused.
	ExitUserUnknown      = 112 // The service knows none of the identities that the user may stand for.
	ExitSpinNotPermitted = 113 // The delegation identity may not work on password-change jobs.
	ExitNoTemplateJob    = 114 // A credential to be spun has a type without a template job.
	ExitClockSkew        = 115 // The service's clock is more than a minute off.
	ExitUnattested       = 116 // Operations that no public material attests are in use.
	ExitProtocol         = 117 // The answer was not one: HTML instead of JSON, too long, cut short, or not what the call is answered by.
	ExitNotRun           = 126 // The program can't be run; nothing was checked out for it, or it is back.
	ExitProgramNotFound  = 127 // There is no such program; nothing was checked out for it.
	ExitInterrupted      = 130 // Interrupted by the user or by a signal.
)

// classCodes is the one table from failure class to exit code. The first class
// that an error is decides.
func classCodes() []struct {
	class pam.Class
	code  int
} {
	return []struct {
		class pam.Class
		code  int
	}{
		{pam.ErrInterrupted, ExitInterrupted},
		{pam.ErrUsage, ExitUsage},
		{pam.ErrPartial, ExitPartial},
		{pam.ErrDelegationRefused, ExitSignIn},
		{pam.ErrTokenRefused, ExitSignIn},
		{pam.ErrSignInRefused, ExitSignIn},
		{pam.ErrDenied, ExitDenied},
		{pam.ErrNoImpersonation, ExitDenied},
		{pam.ErrNotFound, ExitNotFound},
		{pam.ErrNoCredentials, ExitNotFound},
		{pam.ErrCheckedOut, ExitConflict},
		{pam.ErrConflict, ExitConflict},
		{pam.ErrPending, ExitPending},
		{pam.ErrUnreachable, ExitUnreachable},
		{pam.ErrJournal, ExitJournal},
		{pam.ErrTLS, ExitTLS},
		{pam.ErrUserUnknown, ExitUserUnknown},
		{pam.ErrSpinNotPermitted, ExitSpinNotPermitted},
		{pam.ErrNoTemplateJob, ExitNoTemplateJob},
		{pam.ErrClockSkew, ExitClockSkew},
		{pam.ErrUnattested, ExitUnattested},
		{pam.ErrProtocol, ExitProtocol},
	}
}

// CodeOf returns the exit code of one class.
func CodeOf(class pam.Class) int {
	for _, row := range classCodes() {
		if row.class == class {
			return row.code
		}
	}
	return ExitOther
}

// Describe takes an error apart for whoever reports it: the class of its
// outermost failure, its whole message, and the first hint on the way down.
func Describe(err error) (class pam.Class, message, hint string) {
	return classOf(err), err.Error(), hintOf(err)
}

func classOf(err error) pam.Class {
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		return f.Class
	}
	switch {
	case errors.Is(err, context.Canceled):
		return pam.ErrInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		return pam.ErrUnreachable
	}
	for _, row := range classCodes() {
		if errors.Is(err, row.class) {
			return row.class
		}
	}
	if _, ok := errors.AsType[*secret.SourceError](err); ok {
		return pam.ErrUsage
	}
	return pam.ErrOther
}

// hintOf is the first hint in err, its outermost error first.
func hintOf(err error) string {
	if err == nil {
		return ""
	}
	if hint := ownHint(err); hint != "" {
		return hint
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, inner := range joined.Unwrap() {
			if hint := hintOf(inner); hint != "" {
				return hint
			}
		}
	}
	return hintOf(errors.Unwrap(err))
}

// ownHint is the hint of err itself, not of what it wraps.
func ownHint(err error) string {
	if f, ok := err.(*pam.Failure); ok { //nolint:errorlint // this very error, the walk is hintOf's
		return f.Hint
	}
	if s, ok := err.(*secret.SourceError); ok { //nolint:errorlint // this very error, the walk is hintOf's
		return s.Hint
	}
	return ""
}
