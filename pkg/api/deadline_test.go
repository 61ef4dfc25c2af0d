package api

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// ending is an answer over HTTP/2: at its deadline it ends for good.
type ending struct {
	*httptest.ResponseRecorder
	at time.Time
}

func (e *ending) SetWriteDeadline(at time.Time) error {
	if time.Now().After(e.at) {
		return os.ErrDeadlineExceeded
	}
	e.at = at
	return nil
}

// TestWhoeverWaitedLongCanReadTheAnswer has a body come, a decision awaited and work
// done, each for a while.
func TestWhoeverWaitedLongCanReadTheAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, wait, waited, work time.Duration }{
		"at once":                    {},
		"long work":                  {work: releaseTime},
		"a slow body and long work":  {body: 30 * time.Second, work: releaseTime},
		"a rather slow body":         {body: 5*time.Second + 1, work: releaseTime},
		"a short wait and some work": {wait: time.Millisecond, waited: time.Millisecond, work: writeTime - time.Second},
		"a short wait and long work": {wait: time.Second, waited: time.Second, work: releaseTime},
		"a long wait and long work":  {wait: longestWait, waited: longestWait, work: releaseTime},
		"a decision at once":         {wait: longestWait, waited: 1, work: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out := &ending{httptest.NewRecorder(), time.Now().Add(2 * writeTime)}
				call := &call{w: out, r: httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil), began: time.Now()}
				time.Sleep(c.body)
				if c.wait > 0 {
					call.patience(c.wait)
					time.Sleep(c.waited)
				}
				_, cancel := call.lasting()
				defer cancel()
				time.Sleep(c.work)
				if err := call.answer(http.StatusOK, struct{}{}); err != nil {
					t.Fatal(err)
				}
				if left := time.Until(out.at); left < writeTime || left > 2*writeTime {
					t.Errorf("the caller has %s to read the answer", left)
				}
			})
		})
	}
}
