package auth

import (
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// SlowDownError tells somebody who guesses when to try again: HTTP's 429.
type SlowDownError struct {
	*pam.Failure
	After time.Duration
}

// RetryAfter is how long to wait, in whole seconds.
func (e *SlowDownError) RetryAfter() time.Duration { return wholeSeconds(e.After) }

// Unwrap is the failure, of pam.ErrUnreachable.
func (e *SlowDownError) Unwrap() error { return e.Failure }

func slowDown(after time.Duration) error {
	return &SlowDownError{pam.Failf(pam.ErrUnreachable, "too many attempts failed").WithHint("try again in %s", wholeSeconds(after)), after}
}

// BusyError tells that there is too much to do for this one: HTTP's 503.
type BusyError struct{ *pam.Failure }

// Unwrap is the failure, of pam.ErrUnreachable.
func (e *BusyError) Unwrap() error { return e.Failure }

func busy() error {
	return &BusyError{pam.Failf(pam.ErrUnreachable, "too many sign-ins at the moment").WithHint("try again in a moment; generated credentials do not have to wait")}
}

func wholeSeconds(d time.Duration) time.Duration {
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}
