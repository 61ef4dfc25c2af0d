package redimtest

import (
	"errors"
	"fmt"
	"net/http"
)

// refusalKind is why the service says no.
type refusalKind int

const (
	failure    refusalKind = iota // the service itself is at fault
	badLogin                      // wrong name or password
	badToken                      // unknown, expired or revoked
	denied                        // signed in, but not permitted
	noMapping                     // may not act as the other identity
	unknownOne                    // no such identity
	missing                       // no such account, system, list or job
	conflict                      // held by someone else
	badRequest                    // understood, but makes no sense
)

// status is the refusal's HTTP status under error profile C.
func (k refusalKind) status() int {
	switch k {
	case badLogin, badToken:
		return http.StatusUnauthorized
	case denied, noMapping:
		return http.StatusForbidden
	case unknownOne, missing:
		return http.StatusNotFound
	case conflict:
		return http.StatusConflict
	case badRequest:
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// refusal is an operation's "no". Its text never holds a secret.
type refusal struct {
	kind refusalKind
	text string
}

func (r *refusal) Error() string { return r.text }

func refuse(kind refusalKind, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}

// result is what the service's answers to an act have in common.
func result(succeeded bool, message string) object {
	return record(member{"OperationMessage", message}, member{"OperationSucceeded", succeeded})
}

// refused answers a refusal as the error profile has it. A log-in that was
// refused under profile A carries an empty message, where a token would stand.
func refused(profile ErrorProfile, op *operation, err error) reply {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{failure, err.Error()}
	}
	switch profile {
	case ErrorsAs200:
		switch {
		case op.login && op.bare:
			return jsonReply(http.StatusOK, "")
		case op.login:
			return jsonReply(http.StatusOK, result(false, ""))
		}
		return jsonReply(http.StatusOK, result(false, r.text))
	case ErrorsAsHTML:
		return requestError(r.text)
	}
	return jsonReply(r.kind.status(), result(false, r.text))
}
