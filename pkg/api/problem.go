package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/redim-tools/redim/pkg/auth"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// problem is an answer that is no success, as RFC 9457 has it. Code is stable;
// the texts are for people and may change.
type problem struct {
	Type   string        `json:"type"`
	Title  string        `json:"title"`
	Status int           `json:"status"`
	Code   string        `json:"code"`
	Detail string        `json:"detail,omitempty"`
	ID     string        `json:"request_id"`
	Retry  time.Duration `json:"-"` // when to try again; 0: nothing is said
}

// Error is for the log.
func (p *problem) Error() string { return p.Code + ": " + p.Title }

// problemTypes is where a code is explained.
const problemTypes = "https://github.com/redim-tools/redim/blob/main/docs/api.md#"

func newProblem(status int, code, title string) *problem {
	return &problem{Type: problemTypes + code, Title: title, Status: status, Code: code}
}

// with is p with a detail for the caller.
func (p *problem) with(detail string) *problem {
	q := *p
	q.Detail = detail
	return &q
}

func (p *problem) after(d time.Duration) *problem {
	q := *p
	q.Retry = d
	return &q
}

// Every problem there is.
var (
	errMalformed       = newProblem(http.StatusBadRequest, "malformed_request", "the body is not what this call takes")
	errInvalid         = newProblem(http.StatusBadRequest, "invalid_request", "a value is not what this call takes")
	errUnauthenticated = newProblem(http.StatusUnauthorized, "unauthenticated", "sign in first, or again")
	errForbidden       = newProblem(http.StatusForbidden, "forbidden", "forbidden")
	errNotFound        = newProblem(http.StatusNotFound, "not_found", "you have no such thing")
	errNoCall          = newProblem(http.StatusNotFound, "no_such_call", "there is no such call")
	errMethod          = newProblem(http.StatusMethodNotAllowed, "method_not_allowed", "this path has other methods")
	errSlow            = newProblem(http.StatusRequestTimeout, "too_slow", "the body did not come in time")
	errConflict        = newProblem(http.StatusConflict, "conflict", "it can't be done as things are")
	errHeld            = newProblem(http.StatusConflict, "checked_out", "somebody else holds the credential")
	errTooLarge        = newProblem(http.StatusRequestEntityTooLarge, "too_large", "the body is too large")
	errMedia           = newProblem(http.StatusUnsupportedMediaType, "unsupported_media_type", "the body has to be application/json")
	errKeyReused       = newProblem(http.StatusUnprocessableEntity, "idempotency_mismatch", "the idempotency key was used to ask for something else")
	errThrottled       = newProblem(http.StatusTooManyRequests, "too_many_attempts", "too many attempts; wait")
	errHeaders         = newProblem(http.StatusRequestHeaderFieldsTooLarge, "headers_too_large", "the headers are too large")
	errInternal        = newProblem(http.StatusInternalServerError, "internal", "something went wrong here")
	errSourceRefused   = newProblem(http.StatusBadGateway, "source_refused", "the service that keeps the credential refused; nothing was released")
	errSource          = newProblem(http.StatusServiceUnavailable, "source_unavailable", "the service that keeps the credential does not answer; nothing was released").after(5 * time.Second)
	errAudit           = newProblem(http.StatusServiceUnavailable, "audit_unavailable", "the record of events can't be written, so nothing is released").after(5 * time.Second)
	errStore           = newProblem(http.StatusServiceUnavailable, "store_unavailable", "the store does not answer").after(2 * time.Second)
	errUncertain       = newProblem(http.StatusServiceUnavailable, "outcome_unknown", "whether it was done is not known; repeat it with the same idempotency key").after(2 * time.Second)
	errStopping        = newProblem(http.StatusServiceUnavailable, "stopping", "this server is stopping; another one, or its successor, will answer").after(time.Second)
	errBusy            = newProblem(http.StatusServiceUnavailable, "busy", "too many sign-ins at the moment").after(time.Second)
)

// problemOf makes the problem of an error. It is the only place that does, and
// says no more than the caller may know: a refusal is forbidden and no more, and
// what is behind it goes to the log.
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if later, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		return errThrottled.after(later.RetryAfter())
	}
	if _, ok := errors.AsType[*auth.BusyError](err); ok {
		return errBusy
	}
	switch {
	case errors.Is(err, vault.ErrKeyReused):
		return errKeyReused
	case errors.Is(err, pam.ErrUncertain):
		return uncertain(err)
	}
	if s, ok := errors.AsType[*vault.SourceError](err); ok {
		return problemOfSource(s)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errStore
	}
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok {
		return errInternal
	}
	return problemOfClass(f)
}

// uncertain says what to do where it is another service whose outcome is unknown:
// there a repetition can't find out.
func uncertain(err error) *problem {
	if _, ok := errors.AsType[*vault.SourceError](err); ok {
		return errUncertain.with("the service that keeps the credential did not tell whether it released it; it is given back there first, within 15 minutes: ask again then, with a new idempotency key")
	}
	return errUncertain
}

// problemOfSource keeps apart what another service said to the vault from what the
// vault says to its caller: a sign-in that was refused there is not the caller's.
func problemOfSource(err *vault.SourceError) *problem {
	switch {
	case errors.Is(err, pam.ErrCheckedOut):
		return errHeld
	case errors.Is(err, pam.ErrUnreachable), errors.Is(err, pam.ErrTLS), errors.Is(err, context.DeadlineExceeded):
		return errSource
	}
	return errSourceRefused
}

func problemOfClass(f *pam.Failure) *problem {
	switch f.Class {
	case pam.ErrUsage:
		return errInvalid.with(f.Message)
	case pam.ErrTokenRefused:
		return errUnauthenticated
	case pam.ErrDenied, pam.ErrSignInRefused:
		return errForbidden
	case pam.ErrNotFound:
		return errNotFound
	case pam.ErrConflict:
		return errConflict.with(f.Message)
	case pam.ErrCheckedOut:
		return errHeld
	case pam.ErrUnreachable:
		return errStore
	case pam.ErrJournal:
		return errAudit
	case pam.ErrInterrupted:
		return errStopping
	}
	return errInternal
}
