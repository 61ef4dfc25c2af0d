package transport

import (
	"net/http"
	"sync/atomic"
	"time"
)

// Skew keeps how far the service's clock is from ours. Its zero value knows
// nothing. It is safe for concurrent use.
type Skew struct {
	offset atomic.Int64
	known  atomic.Bool
}

// Offset is how far the service is ahead of us, to about a second, as the
// latest answer told; known is false before any answer did.
func (s *Skew) Offset() (offset time.Duration, known bool) {
	return time.Duration(s.offset.Load()), s.known.Load()
}

// Observe takes a Date header of an answer to a request sent and answered at
// the given instants. A header that is no date is ignored.
func (s *Skew) Observe(date string, sent, answered time.Time) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	middle := sent.Add(answered.Sub(sent) / 2)
	// The header's fraction of a second is cut off: on average half a second.
	s.offset.Store(int64(at.Add(500 * time.Millisecond).Sub(middle)))
	s.known.Store(true)
}

// RecordSkew wraps next so that s observes every answer.
func RecordSkew(next http.RoundTripper, s *Skew, now func() time.Time) http.RoundTripper {
	return &skewRecorder{next: next, skew: s, now: now}
}

type skewRecorder struct {
	next http.RoundTripper
	skew *Skew
	now  func() time.Time
}

func (r *skewRecorder) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := r.now()
	resp, err := r.next.RoundTrip(req)
	if err == nil {
		r.skew.Observe(resp.Header.Get("Date"), sent, r.now())
	}
	return resp, err
}
