package transport

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

const (
	maxAttempts   = 3
	firstBackoff  = 200 * time.Millisecond
	maxRetryAfter = 10 * time.Second
)

type idempotentKey struct{}

// Idempotent marks the requests made under ctx as repeatable without harm.
// Only such requests are ever repeated.
func Idempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey{}, true)
}

func isIdempotent(ctx context.Context) bool { return ctx.Value(idempotentKey{}) != nil }

// retrier repeats idempotent requests that failed to connect, were cut off, or
// were answered by 429, 502, 503 or 504. A request that ran into its deadline
// is not repeated: it has taken long enough.
type retrier struct {
	next http.RoundTripper
	now  func() time.Time
}

func (r *retrier) RoundTrip(req *http.Request) (*http.Response, error) {
	if !isIdempotent(req.Context()) || (req.Body != nil && req.GetBody == nil) {
		return r.next.RoundTrip(req)
	}
	defer closeBody(req)
	for attempt := 1; ; attempt++ {
		resp, err := r.try(req)
		wait, again := r.plan(attempt, resp, err)
		if !again || !sleep(req.Context(), wait) {
			return resp, err
		}
		drain(resp)
	}
}

func (r *retrier) try(req *http.Request) (*http.Response, error) {
	attempt := req.Clone(req.Context())
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, unsent(pam.Failf(pam.ErrOther, "request can't be repeated: %w", err))
		}
		attempt.Body = body
	}
	return r.next.RoundTrip(attempt)
}

// plan decides whether to try again, and after which pause. A server that
// asks for a longer pause than maxRetryAfter gets no second request.
func (r *retrier) plan(attempt int, resp *http.Response, err error) (time.Duration, bool) {
	if attempt >= maxAttempts {
		return 0, false
	}
	pause := fullJitter(attempt)
	if err != nil {
		return pause, errors.Is(err, pam.ErrUnreachable) && !errors.Is(err, errTimeout)
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if asked, ok := retryAfter(resp.Header.Get("Retry-After"), r.now()); ok {
			return max(pause, asked), asked <= maxRetryAfter
		}
		return pause, true
	}
	return 0, false
}

// fullJitter is a random pause below a bound that doubles with each attempt.
func fullJitter(attempt int) time.Duration {
	return rand.N(firstBackoff << (attempt - 1))
}

// retryAfter reads seconds or an HTTP date.
func retryAfter(text string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1<<20)) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}

// sleep reports whether the pause was not interrupted.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// drain reads what little an error answer holds, so that its connection can
// be used again.
func drain(resp *http.Response) {
	if resp != nil {
		_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
		_ = resp.Body.Close()
	}
}
