package transport_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/transport"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// flaky answers each request with the next of the given statuses, then 200.
func flaky(t *testing.T, retryAfter string, statuses ...int) (url string, bodies *[]string) {
	t.Helper()
	var count atomic.Int64
	bodies = &[]string{}
	s := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*bodies = append(*bodies, string(body)) // one request at a time
		if n := int(count.Add(1)); n <= len(statuses) {
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			w.WriteHeader(statuses[n-1])
		}
		_, _ = io.WriteString(w, "answer")
	})
	return s.URL, bodies
}

func TestIdempotentRequestsAreRepeatedWithTheirBody(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 502, 503, 504} {
		url, bodies := flaky(t, "0", status, status)
		a := mustPost(transport.Idempotent(t.Context()), t, newClient(t, transport.Options{}), url, `{"a":1}`)
		if a.text != "answer" || a.status != http.StatusOK || strings.Join(*bodies, "") != strings.Repeat(`{"a":1}`, 3) {
			t.Errorf("%d: answer %q (%d) after %q", status, a.text, a.status, *bodies)
		}
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	t.Parallel()
	url, bodies := flaky(t, "", 503, 503, 503, 503, 503)
	a := mustPost(transport.Idempotent(t.Context()), t, newClient(t, transport.Options{}), url, "{}")
	if a.status != http.StatusServiceUnavailable || len(*bodies) != 3 {
		t.Errorf("%d after %d attempts", a.status, len(*bodies))
	}
}

func TestWhatIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		idempotent bool
		status     int
		retryAfter string
	}{
		{"a check-out", false, 503, "0"},
		{"a failure of the service itself", true, 500, ""},
		{"a refusal", true, 401, ""},
		{"a long pause that the service asks for", true, 503, "3600"},
		{"a long pause until an instant", true, 429, time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)},
	} {
		url, bodies := flaky(t, c.retryAfter, c.status)
		ctx := t.Context()
		if c.idempotent {
			ctx = transport.Idempotent(ctx)
		}
		a := mustPost(ctx, t, newClient(t, transport.Options{}), url, "{}")
		if a.status != c.status || len(*bodies) != 1 {
			t.Errorf("%s: %d after %d attempts", c.name, a.status, len(*bodies))
		}
	}
}

func TestAnInstantToRetryAfterIsWaitedFor(t *testing.T) {
	t.Parallel()
	url, bodies := flaky(t, time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), 503)
	a := mustPost(transport.Idempotent(t.Context()), t, newClient(t, transport.Options{}), url, "{}")
	if a.status != http.StatusOK || len(*bodies) != 2 {
		t.Errorf("%d after %d attempts", a.status, len(*bodies))
	}
}

func TestRedirectsAreFollowedOnlyWithinTheService(t *testing.T) {
	t.Parallel()
	other := plainServer(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	for _, c := range []struct {
		name, to string
		status   int
		words    string
	}{
		{"another host", other.URL, http.StatusTemporaryRedirect, "redirects to http://127.0.0.1"},
		{"another host by GET", other.URL, http.StatusFound, "redirects to http://127.0.0.1"},
		{"another scheme", "https://pam.example.com/x", http.StatusPermanentRedirect, "redirects to https://pam.example.com"},
		{"another method", "/there", http.StatusFound, "redirects a POST to a GET"},
		{"a circle", "/", http.StatusTemporaryRedirect, "in a circle"},
	} {
		s := plainServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, c.to, c.status) })
		_, err := post(t.Context(), newClient(t, transport.Options{}), s.URL, `{"AuthenticationToken":"c4nary"}`)
		wantFailure(t, err, pam.ErrProtocol, c.words, "endpoint_url")
		if !transport.NotSent(err) {
			t.Errorf("%s: counts as done", c.name)
		}
	}
	s := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.Copy(w, r.Body)
	})
	if a := mustPost(t.Context(), t, newClient(t, transport.Options{}), s.URL, "body"); a.text != "body" {
		t.Errorf("within the service: %q", a.text)
	}
}
