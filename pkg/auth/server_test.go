package auth_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/auth"
)

// TestAServerBehindAProxyKnowsItsCallers goes through TCP, TLS and both versions
// of HTTP, with two callers at once of which one says nothing for long.
func TestAServerBehindAProxyKnowsItsCallers(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"HTTP/1.1", "HTTP/2.0"} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			from, err := (&auth.Sources{Trusted: trusted(t, "127.0.0.1"), Header: auth.HeaderNone}).Of(r)
			_, _ = io.WriteString(w, r.Proto+" "+from.String())
			if err != nil {
				t.Error(err)
			}
		}))
		s.EnableHTTP2 = version == "HTTP/2.0"
		s.Listener = &auth.ProxyListener{Listener: s.Listener, Trusted: trusted(t, "127.0.0.1"), Now: time.Now}
		s.StartTLS()
		t.Cleanup(s.Close)
		silent, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = silent.Close() })
		if got := callThrough(t, s, "PROXY TCP4 198.51.100.7 10.0.0.5 4711 8443\r\n"); got != version+" 198.51.100.7" {
			t.Error(got)
		}
	}
}

// callThrough calls a server over a connection that begins with a header.
func callThrough(t *testing.T, s *httptest.Server, header string) string {
	t.Helper()
	client := s.Client()
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		t.Fatal("another transport")
	}
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
		if err == nil {
			_, err = io.WriteString(c, header)
		}
		return c, err
	}
	resp, err := client.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
