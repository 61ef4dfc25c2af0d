package transport_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/transport"
)

func TestCleartextIsRefusedUnlessLoopbackOrAccepted(t *testing.T) {
	t.Parallel()
	s := plainServer(t, ok)
	if got := answerTo(t, newClient(t, transport.Options{}), s.URL, "{}"); got != `"ok"` {
		t.Errorf("loopback answers %s", got)
	}
	_, err := post(t.Context(), newClient(t, transport.Options{}), "http://pam.example.com/x", "{}")
	f := wantFailure(t, err, pam.ErrUsage, "clear text", "--accept-risk=cleartext")
	if !transport.NotSent(f) {
		t.Error("a refused request counts as sent")
	}
	proxy := func(*http.Request) (*url.URL, error) { return url.Parse(s.URL) }
	accepted := newClient(t, transport.Options{AllowCleartext: true, Proxy: proxy})
	if got := answerTo(t, accepted, "http://pam.example.com/x", "{}"); got != `"ok"` {
		t.Errorf("an accepted risk answers %s", got)
	}
}

// answerTo posts a body and returns the answer's.
func answerTo(t testing.TB, c *http.Client, url, body string) string {
	t.Helper()
	resp, err := post(t.Context(), c, url, body)
	return readAll(t, resp, err)
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	var seen sync.Map // addresses of clients
	s := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		seen.Store(r.RemoteAddr, true)
		ok(w, r)
	})
	const parallel = 8
	c := newClient(t, transport.Options{MaxInFlight: parallel})
	var wg sync.WaitGroup
	for range parallel * 2 {
		wg.Go(func() {
			for range 50 {
				resp, err := post(t.Context(), c, s.URL, "{}")
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	wg.Wait()
	connections := 0
	seen.Range(func(any, any) bool { connections++; return true })
	if connections > 3*parallel { // a few more than parallel may be dialled at the start
		t.Errorf("%d connections for %d requests in flight", connections, parallel)
	}
}

func TestNoMoreRequestsAreInFlightThanAllowed(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	s := plainServer(t, func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
		_, _ = io.WriteString(w, "x")
	})
	c := newClient(t, transport.Options{MaxInFlight: 3})
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if resp, err := post(t.Context(), c, s.URL, "{}"); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
	wg.Wait()
	if most.Load() != 3 {
		t.Errorf("%d requests were in flight at once", most.Load())
	}
}

func TestWaitingForAFreePlaceCanBeInterrupted(t *testing.T) {
	t.Parallel()
	s := plainServer(t, ok)
	c := newClient(t, transport.Options{MaxInFlight: 1})
	held, err := post(t.Context(), c, s.URL, "{}")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = post(ctx, c, s.URL, "{}")
	if f := wantFailure(t, err, pam.ErrInterrupted, "interrupted", ""); !transport.NotSent(f) {
		t.Error("a request that only waited counts as sent")
	}
	_ = held.Body.Close()
	_ = held.Body.Close() // must not free a second place
	if got := answerTo(t, c, s.URL, "{}"); got != `"ok"` {
		t.Errorf("after the wait: %s", got)
	}
}

func TestTheDeadlineCoversTheBody(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	s := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "beginning")
		w.(http.Flusher).Flush()
		select {
		case <-done:
		case <-r.Context().Done():
		}
	})
	defer close(done)
	c := newClient(t, transport.Options{Timeout: 50 * time.Millisecond})
	resp, err := post(t.Context(), c, s.URL, "{}")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.ReadAll(resp.Body)
	if f := wantFailure(t, err, pam.ErrUnreachable, "within 50ms", "timeout"); transport.NotSent(f) {
		t.Error("a request whose answer began counts as never sent")
	}
}

func TestAHangingServiceIsUnreachableAndNotAskedAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	done := make(chan struct{})
	s := plainServer(t, func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		<-done
	})
	defer close(done)
	c := newClient(t, transport.Options{Timeout: 50 * time.Millisecond})
	_, err := post(transport.Idempotent(t.Context()), c, s.URL, "{}")
	f := wantFailure(t, err, pam.ErrUnreachable, "no answer", "timeout")
	if transport.NotSent(f) || asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestInterruptingARequestIsItsOwnFailure(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	s := plainServer(t, func(http.ResponseWriter, *http.Request) { cancel(); <-done })
	defer close(done)
	_, err := post(transport.Idempotent(ctx), newClient(t, transport.Options{}), s.URL, "{}")
	if f := wantFailure(t, err, pam.ErrInterrupted, "interrupted", ""); transport.NotSent(f) {
		t.Error("an interrupted request counts as never sent")
	}
}

func TestAnUnreachableServiceIsExplained(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport.Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, err = post(t.Context(), c, "http://"+address, "{}")
	f := wantFailure(t, err, pam.ErrUnreachable, "refused", "endpoint_url")
	if !transport.NotSent(f) {
		t.Error("a refused connection counts as sent")
	}
	_, err = post(t.Context(), c, "https://nowhere.invalid", "{}")
	if f := wantFailure(t, err, pam.ErrUnreachable, "no address for nowhere.invalid", "name resolution"); !transport.NotSent(f) {
		t.Error("a request without an address counts as sent")
	}
	proxied := newClient(t, transport.Options{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse("http://user:c4nary@" + address) }})
	_, err = post(t.Context(), proxied, "https://pam.example.com", "{}")
	wantFailure(t, err, pam.ErrUnreachable, "proxy", "HTTPS_PROXY")
}

// dropping hijacks each connection and does something to it.
func dropping(t *testing.T, act func(net.Conn)) (url string, count *atomic.Int64) {
	count = new(atomic.Int64)
	s := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		act(conn)
		_ = conn.Close()
	})
	return s.URL, count
}

func TestADroppedConnectionIsRetriedOnlyWhereThatIsHarmless(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(net.Conn){
		"closed": func(net.Conn) {},
		"reset":  func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) },
	} {
		url, count := dropping(t, act)
		c := newClient(t, transport.Options{})
		_, err := post(t.Context(), c, url, "{}")
		f := wantFailure(t, err, pam.ErrUnreachable, "closed the connection", "try again")
		if transport.NotSent(f) || count.Load() != 1 {
			t.Errorf("%s: a check-out was sent %d times", name, count.Load())
		}
		_, err = post(transport.Idempotent(t.Context()), c, url, "{}")
		wantFailure(t, err, pam.ErrUnreachable, "closed the connection", "try again")
		if count.Load() != 4 {
			t.Errorf("%s: an idempotent request was sent %d times", name, count.Load()-1)
		}
	}
}

func TestATruncatedAnswerIsAProtocolFailure(t *testing.T) {
	t.Parallel()
	url, _ := dropping(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Pass")
	})
	resp, err := post(t.Context(), newClient(t, transport.Options{}), url, "{}")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.ReadAll(resp.Body)
	if f := wantFailure(t, err, pam.ErrProtocol, "cut short", "try again"); transport.NotSent(f) {
		t.Error("a truncated answer counts as never sent")
	}
}

func TestNoiseInsteadOfHTTPIsUnreachable(t *testing.T) {
	t.Parallel()
	url, _ := dropping(t, func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-x\r\n\r\n") })
	_, err := post(t.Context(), newClient(t, transport.Options{}), url, "{}")
	wantFailure(t, err, pam.ErrUnreachable, "can't be reached", "endpoint_url")
}

func TestErrorsNeverHoldTheAddressOfTheRequest(t *testing.T) {
	t.Parallel()
	_, err := post(t.Context(), newClient(t, transport.Options{}), "http://127.0.0.1:1/x?token=c4nary", "{}")
	f, _ := errors.AsType[*pam.Failure](err)
	if f == nil || f.Error() == "" || contains(f.Error()+f.Hint, "c4nary") {
		t.Errorf("the failure is %v", f)
	}
}
