package redim_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/breaker"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/transport"
)

// front is one more web server before the same service, which may be ill.
type front struct {
	*httptest.Server
	ill   atomic.Value // string
	asked atomic.Int64
}

func newFront(t *testing.T, service http.Handler) *front {
	t.Helper()
	f := &front{}
	f.ill.Store("")
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.asked.Add(1)
		switch f.ill.Load() {
		case "out of order":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "drops":
			panic(http.ErrAbortHandler)
		case "drops the answer":
			service.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			service.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(f.Close)
	return f
}

// withFront is a bench whose first address is a front, and whose second is the
// service itself.
func withFront(t *testing.T) (*bench, *front, *breaker.Breaker) {
	t.Helper()
	b := newBench(t, redimtest.Options{PlainHTTP: true})
	f := newFront(t, b.Server)
	known := breaker.Open("", time.Now)
	b.config.FallbackURLs = []string{b.EndpointURL()}
	b.config.ServiceURL = f.URL + redimtest.ServicePath
	b.config.Outages = known
	return b, f, known
}

func TestALookUpMovesOnAndACheckOutThatMayHaveArrivedDoesNot(t *testing.T) {
	t.Parallel()
	for _, ill := range []string{"out of order", "drops", "drops the answer"} {
		t.Run(ill, func(t *testing.T) {
			t.Parallel()
			b, f, known := withFront(t)
			var warned []string
			b.config.Warn = func(text string) { warned = append(warned, text) }
			c := b.client()
			cred := b.find(c, alice(), "web01", "Administrator")
			f.ill.Store(ill)

			_, err := c.CheckOut(t.Context(), alice(), cred, "")
			wantFailure(t, err, pam.ErrUnreachable, "was not asked", true)
			made := int64(0)
			if ill == "drops the answer" {
				made = 1
			}
			if got := b.Stats().Checkouts.Made; got != made {
				t.Errorf("%d check-outs, want %d", got, made)
			}
			known.Answered(f.URL + "/ERPMWebService/") // so that it is asked first again
			if _, err := c.Stored(t.Context(), alice(), "web01"); err != nil || len(warned) != 1 {
				t.Errorf("a look-up: %v; warnings %q", err, warned)
			}
			asked := f.asked.Load()
			if _, err := c.Stored(t.Context(), alice(), "web01"); err != nil || f.asked.Load() != asked {
				t.Errorf("the next look-up: %v, the front was asked %d times more", err, f.asked.Load()-asked)
			}
		})
	}
}

func TestACheckOutThatNeverLeftIsMadeElsewhere(t *testing.T) {
	t.Parallel()
	b, f, _ := withFront(t)
	c := b.client()
	cred := b.find(c, alice(), "web01", "Administrator")
	f.Close()
	fresh, err := transport.New(transport.Options{}) // a connection that is kept may break when the request is on it
	if err != nil {
		t.Fatal(err)
	}
	b.config.HTTP = fresh
	c = b.client()
	if release, err := c.CheckOut(t.Context(), alice(), cred, ""); err != nil || release.Secret.IsEmpty() {
		t.Fatal(err)
	}
	if err := c.CheckIn(t.Context(), alice(), cred, ""); err != nil || b.Stats().Checkouts.Open != 0 || b.Stats().Checkouts.Made != 1 {
		t.Errorf("%v, %+v", err, b.Stats().Checkouts)
	}
}

func TestAnAnswerIsNoOutage(t *testing.T) {
	t.Parallel()
	b, f, known := withFront(t)
	c := b.client()
	if err := b.SetFaults("GetListForSystem:status=500*1"); err != nil {
		t.Fatal(err)
	}
	_, err := c.Stored(t.Context(), alice(), "web01")
	wantFailure(t, err, pam.ErrUnreachable, "log", false)
	if got := known.Order([]string{f.URL + "/ERPMWebService/", "x"}); got[0] == "x" {
		t.Error("an operation that is out of order is taken for a server that is")
	}
}
