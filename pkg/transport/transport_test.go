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
	if a := mustPost(t.Context(), t, newClient(t, transport.Options{}), s.URL, "{}"); a.text != `"ok"` {
		t.Errorf("loopback answers %s", a.text)
	}
	_, err := post(t.Context(), newClient(t, transport.Options{}), "http://pam.example.com/x", "{}")
	wantFailure(t, err, pam.ErrUsage, "clear text", "--accept-risk=cleartext")
	if !transport.NotSent(err) {
		t.Error("a refused request counts as sent")
	}
	proxy := func(*http.Request) (*url.URL, error) { return url.Parse(s.URL) }
	accepted := newClient(t, transport.Options{AllowCleartext: true, Proxy: proxy})
	if a := mustPost(t.Context(), t, accepted, "http://pam.example.com/x", "{}"); a.text != `"ok"` {
		t.Errorf("an accepted risk answers %s", a.text)
	}
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
				if _, err := post(t.Context(), c, s.URL, "{}"); err != nil {
					t.Error(err)
					return
				}
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
	var now atomic.Int64
	var mu sync.Mutex
	var most int64
	s := plainServer(t, func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		mu.Lock()
		most = max(most, n)
		mu.Unlock()
		time.Sleep(time.Millisecond) // so that others come in beside
		now.Add(-1)
		_, _ = io.WriteString(w, "x")
	})
	c := newClient(t, transport.Options{MaxInFlight: 3})
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			if _, err := post(t.Context(), c, s.URL, "{}"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most != 3 {
		t.Errorf("%d requests were in flight at once", most)
	}
}

func TestWaitingForAFreePlaceCanBeInterrupted(t *testing.T) {
	t.Parallel()
	s := plainServer(t, ok)
	c := newClient(t, transport.Options{MaxInFlight: 1})
	held, err := c.Do(request(t.Context(), s.URL, "{}"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = post(ctx, c, s.URL, "{}")
	wantFailure(t, err, pam.ErrInterrupted, "interrupted", "")
	if !transport.NotSent(err) {
		t.Error("a request that only waited counts as sent")
	}
	_ = held.Body.Close()
	_ = held.Body.Close() // must not free a second place
	if a := mustPost(t.Context(), t, c, s.URL, "{}"); a.text != `"ok"` {
		t.Errorf("after the wait: %s", a.text)
	}
}

func TestTheDeadlineCoversTheBody(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	s := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "beginning")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-done:
		case <-r.Context().Done():
		}
	})
	defer close(done)
	c := newClient(t, transport.Options{Timeout: 50 * time.Millisecond})
	_, err := post(t.Context(), c, s.URL, "{}")
	wantFailure(t, err, pam.ErrUnreachable, "within 50ms", "timeout")
	if transport.NotSent(err) {
		t.Error("a request whose answer began counts as never sent")
	}
}

func TestAHangingServiceIsUnreachableAndNotAskedAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	done := make(chan struct{})
	s := plainServer(t, func(http.ResponseWriter, *http.Request) {
		asked.Add(1)
		<-done
	})
	defer close(done)
	c := newClient(t, transport.Options{Timeout: 50 * time.Millisecond})
	_, err := post(transport.Idempotent(t.Context()), c, s.URL, "{}")
	wantFailure(t, err, pam.ErrUnreachable, "no answer", "timeout")
	if transport.NotSent(err) || asked.Load() != 1 {
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
	wantFailure(t, err, pam.ErrInterrupted, "interrupted", "")
	if transport.NotSent(err) {
		t.Error("an interrupted request counts as never sent")
	}
}

func TestAnUnreachableServiceIsExplained(t *testing.T) {
	t.Parallel()
	c := newClient(t, transport.Options{})
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, err = post(t.Context(), c, "http://"+address, "{}")
	wantFailure(t, err, pam.ErrUnreachable, "refused", "endpoint_url")
	if !transport.NotSent(err) {
		t.Error("a refused connection counts as sent")
	}
	_, err = post(t.Context(), c, "https://nowhere.invalid", "{}")
	wantFailure(t, err, pam.ErrUnreachable, "no address for nowhere.invalid", "name resolution")
	if !transport.NotSent(err) {
		t.Error("a request without an address counts as sent")
	}
	proxied := newClient(t, transport.Options{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse("http://user:c4nary@" + address) }})
	_, err = post(t.Context(), proxied, "https://pam.example.com", "{}")
	wantFailure(t, err, pam.ErrUnreachable, "proxy", "HTTPS_PROXY")
}

// dropping hijacks each connection and does something to it.
func dropping(t *testing.T, act func(net.Conn)) (url string, count *atomic.Int64) {
	t.Helper()
	count = new(atomic.Int64)
	s := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		act(conn)
		_ = conn.Close()
	})
	return s.URL, count
}

// reset makes the connection end with a reset.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}

func TestADroppedConnectionIsRetriedOnlyWhereThatIsHarmless(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(net.Conn){
		"closed": func(net.Conn) {},
		"reset":  func(c net.Conn) { reset(c) },
	} {
		url, count := dropping(t, act)
		c := newClient(t, transport.Options{})
		_, err := post(t.Context(), c, url, "{}")
		wantFailure(t, err, pam.ErrUnreachable, "closed the connection", "try again")
		if transport.NotSent(err) || count.Load() != 1 {
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
	_, err := post(t.Context(), newClient(t, transport.Options{}), url, "{}")
	wantFailure(t, err, pam.ErrProtocol, "cut short", "try again")
	if transport.NotSent(err) {
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
