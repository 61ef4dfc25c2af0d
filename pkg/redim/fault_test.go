package redim_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/transport"
)

const (
	opCheckOut = "AccountStoreOps_StoredCredential_CheckOut"
	opCheckIn  = "AccountStoreOps_StoredCredential_CheckIn"
	opList     = "AccountStoreOps_StoredCredential_GetListForSystem"
)

func TestACheckOutWhoseAnswerIsLostIsUncertain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault     string
		class     pam.Class
		hint      string
		uncertain bool
		asked     int64
	}{
		{"drop", pam.ErrUnreachable, "try again", true, 1},
		{"drop-reply", pam.ErrUnreachable, "try again", true, 1},
		{"truncate", pam.ErrProtocol, "try again", true, 1},
		{"hang", pam.ErrUnreachable, "timeout", true, 1},
		{"status=500", pam.ErrUnreachable, "log", true, 1},
		{"status=503,retry-after=0", pam.ErrUnreachable, "log", true, 1},
		{"status=429", pam.ErrUnreachable, "max_parallel", false, 1},
		{"status=403", pam.ErrDenied, "permission", false, 1},
		{"status=404", pam.ErrNotFound, "name", false, 1},
		{"status=409", pam.ErrCheckedOut, "holder", false, 1},
		{"status=415", pam.ErrProtocol, "/JSON/V2/AuthService.svc/help", false, 1},
		{"status=401", pam.ErrTokenRefused, "cache clear", false, 2},
		{"html", pam.ErrProtocol, "log-in page", true, 1},
		{"oversized", pam.ErrProtocol, "endpoint_url", true, 1},
		{"redirect=https://pam.example.com", pam.ErrProtocol, "endpoint_url", false, 1},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redimtest.Options{Faults: []string{opCheckOut + ":" + c.fault}})
			if c.fault == "hang" {
				b.config.HTTP = b.shortClient(opCheckOut, 200*time.Millisecond)
			}
			client := b.client()
			cred := b.find(client, alice(), "web01", "Administrator")
			_, err := client.CheckOut(t.Context(), alice(), cred, "")
			wantFailure(t, err, c.class, c.hint, c.uncertain)
			if !strings.HasPrefix(err.Error(), "web01/Administrator: ") {
				t.Errorf("the failure %q does not say of what", err)
			}
			if n := b.Stats().Operations[opCheckOut]; n != c.asked {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// shortClient is one whose deadline is short, for one operation.
func (b *bench) shortClient(operation string, limit time.Duration) *http.Client {
	b.t.Helper()
	inner := b.config.HTTP.Transport
	return &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(req.URL.Path, "/"+operation) {
			return inner.RoundTrip(req)
		}
		ctx, cancel := context.WithTimeout(req.Context(), limit)
		context.AfterFunc(ctx, cancel)
		return inner.RoundTrip(req.WithContext(ctx))
	})}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestWhatOnlyReadsIsRepeated(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"drop*2", "drop-reply*2", "status=503*2,retry-after=0", "status=502*1", "status=429*1"} {
		b := newBench(t, redimtest.Options{Faults: []string{opList + ":" + fault}})
		if found, err := b.client().Stored(t.Context(), alice(), "web01"); err != nil || len(found) != 2 {
			t.Errorf("%s: found %v, %v", fault, found, err)
		}
	}
}

func TestAnAnswerThatIsNoneIsAProtocolFailure(t *testing.T) {
	t.Parallel()
	for fault, words := range map[string]string{
		"html": "not JSON but text/html", "oversized": "longer than 8 MiB", "oversized=7mb": "lacks a list", "truncate": "cut short",
	} {
		b := newBench(t, redimtest.Options{Faults: []string{opList + ":" + fault}})
		_, err := b.client().Stored(t.Context(), alice(), "web01")
		wantFailure(t, err, pam.ErrProtocol, "", false)
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%s: the message is %q", fault, err.Error())
		}
	}
}

func TestALogInIsNotRepeatedByItself(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Faults: []string{"DoLogin2:drop-reply"}})
	wantFailure(t, b.client().SignIn(t.Context()), pam.ErrUnreachable, "try again", false)
	if n := b.Stats().Operations["DoLogin2"]; n != 1 {
		t.Errorf("tried %d times", n)
	}
}

func TestALostCheckInIsUncertain(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Faults: []string{opCheckIn + ":drop-reply*1", opCheckIn + ":html,after=1,times=1"}})
	c := b.client()
	cred := b.find(c, alice(), "web01", "Administrator")
	if _, err := c.CheckOut(t.Context(), alice(), cred, ""); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, c.CheckIn(t.Context(), alice(), cred, ""), pam.ErrUnreachable, "try again", true)
	wantFailure(t, c.CheckIn(t.Context(), alice(), cred, ""), pam.ErrProtocol, "log-in page", true)
	wantFailure(t, c.CheckIn(t.Context(), alice(), cred, ""), pam.ErrNotFound, "name", false)
}

func TestACheckInThatSomethingElseAnswersIsUncertain(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Faults: []string{opCheckIn + ":oversized=64KB*1"}})
	c := b.client()
	cred := b.find(c, alice(), "web01", "Administrator")
	if _, err := c.CheckOut(t.Context(), alice(), cred, ""); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, c.CheckIn(t.Context(), alice(), cred, ""), pam.ErrProtocol, "endpoint_url", true)
	if err := c.CheckIn(t.Context(), alice(), cred, ""); err != nil || b.Stats().Checkouts.Open != 0 {
		t.Errorf("%v, %+v", err, b.Stats().Checkouts)
	}
}

func TestAServiceThatIsNotThereReleasesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	c := b.client()
	cred := b.find(c, alice(), "web01", "Administrator")
	_ = b.Close()
	_, err := c.CheckOut(t.Context(), alice(), cred, "") // on the idle connection, perhaps: nobody knows
	wantFailure(t, err, pam.ErrUnreachable, "", errors.Is(err, pam.ErrUncertain))
	_, err = c.CheckOut(t.Context(), alice(), cred, "")
	wantFailure(t, err, pam.ErrUnreachable, "endpoint_url", false)
}

func TestInterruptionIsItsOwnFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Faults: []string{opCheckOut + ":hang"}})
	c := b.client()
	cred := b.find(c, alice(), "web01", "Administrator")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := c.CheckOut(ctx, alice(), cred, "")
		ended <- err
	}()
	for b.Stats().Operations[opCheckOut] == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, pam.ErrInterrupted) || !errors.Is(err, pam.ErrUncertain) {
		t.Errorf("the failure is %v", err)
	}
}

func TestCertificatesAreChecked(t *testing.T) {
	t.Parallel()
	for mode, hint := range map[redimtest.TLSMode]string{
		redimtest.TLSWrongName: "tls.server_name", redimtest.TLSExpired: "renew", redimtest.TLSOtherCA: "tls.ca_file",
	} {
		b := newBench(t, redimtest.Options{TLS: mode})
		wantFailure(t, b.client().SignIn(t.Context()), pam.ErrTLS, hint, false)
		if b.asked != 1 || len(b.Stats().Operations) != 0 {
			t.Errorf("%s: something was sent", mode)
		}
	}
}

func TestTheClockOffsetIsKnownAfterTheFirstAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Faults: []string{"skew=10m"}})
	c := b.client()
	if _, known := c.ClockOffset(); known {
		t.Error("known before the first answer")
	}
	if err := c.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if offset, known := c.ClockOffset(); !known || (offset-10*time.Minute).Abs() > 10*time.Second {
		t.Errorf("the offset is %v, %v", offset, known)
	}
}

func TestTheTraceOfAWholeJobHoldsNoSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{PlainHTTP: true})
	var mu sync.Mutex
	var out bytes.Buffer
	client, err := transport.New(transport.Options{Trace: lockedWriter{&mu, &out}})
	if err != nil {
		t.Fatal(err)
	}
	b.config.HTTP = client
	store := newStore()
	b.config.Tokens = store
	c := b.client()
	cred := b.find(c, alice(), "web01", "Administrator")
	if _, err := c.CheckOut(t.Context(), alice(), cred, "because"); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	text := out.String()
	for _, token := range store.tokens {
		if strings.Contains(text, reveal(token.Value)) {
			t.Error("a token is in the trace")
		}
	}
	if strings.Contains(text, "c4nary") || strings.Contains(text, reveal(b.APIPassword())) || strings.Contains(text, "because") {
		t.Errorf("a secret is in the trace:\n%s", text)
	}
	if strings.Count(text, "\n") != 10 || !strings.Contains(text, `SystemName="web01"`) {
		t.Errorf("the trace is\n%s", text)
	}
}

type lockedWriter struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func TestRequestBodiesAreWiped(t *testing.T) {
	t.Parallel()
	var late []io.Reader
	var during string
	c, err := redim.New(redim.Config{ServiceURL: "https://pam.example.com/X/AuthService.svc", APIUser: "api", Dialect: "json-v2", HTTP: &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		body, _ := req.GetBody()
		text, _ := io.ReadAll(req.Body)
		during = string(text)
		late = append(late, body)
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"OperationMessage":"c4nary-token"}`)), ContentLength: -1, Request: req}, nil
	})}, APIPassword: func(context.Context) (secret.Value, error) { return secret.FromString(`c4nary-"é`), nil }})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(during, `c4nary-\"é`) {
		t.Errorf("the body was %s", during)
	}
	for _, r := range late {
		if text, err := io.ReadAll(r); err != nil || len(text) != 0 {
			t.Errorf("after the call the body is %q, %v", text, err)
		}
	}
}
