package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/api/client"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/transport"
)

// said is one answer of the server; a status of 0 breaks the connection.
type said struct {
	status int
	body   string
}

// half breaks an answer off in its middle.
const half = 1

// script is a server that gives its answers in turn, and writes down what it was
// asked. Log-ins are always answered.
type script struct {
	t       *testing.T
	mu      sync.Mutex
	answers []said
	asked   []string
	logins  int
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	if r.Header.Get("Authorization") == "Negotiate dGlja2V0" {
		s.logins++
		w.Header().Set("WWW-Authenticate", "Negotiate cmVwbHk=")
		answer(w, said{200, `{"token":"t` + string(rune('0'+s.logins)) + `","expires_at":"2026-03-01T12:15:00Z","integration":{"name":"Nightly"}}`})
		return
	}
	if r.URL.Path == "/v1/login" && !strings.Contains(string(body), "wrong") {
		s.logins++
		answer(w, said{200, `{"token":"t` + string(rune('0'+s.logins)) + `","expires_at":"2026-03-01T12:15:00Z"}`})
		return
	}
	s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")+" "+string(body)))
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		s.asked[len(s.asked)-1] += " " + key
	}
	if len(s.answers) == 0 {
		s.t.Errorf("asked too often: %v", s.asked)
		panic(http.ErrAbortHandler)
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	answer(w, next)
}

func answer(w http.ResponseWriter, a said) {
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	kind := "application/json"
	if a.status == half {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, a.body)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	if a.status >= 400 {
		kind = "application/problem+json"
	}
	if strings.HasPrefix(a.body, "<") {
		kind = "text/html"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func newClient(t *testing.T, answers ...said) (*client.Client, *script) {
	t.Helper()
	s := &script{t: t, answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := transport.New(transport.Options{Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return client.New(client.Config{
		Server: at, Integration: "nightly", HTTP: c, Clock: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
		Credential: func(context.Context) (secret.Value, error) { return secret.FromString("c4nary"), nil },
	}), s
}

const (
	lent    = `{"id":"l1","state":"open","system":"web01","account":"root","secret_version":1,"checked_out_at":"2026-03-01T12:00:00Z","expires_at":"2026-03-01T13:00:00Z","secret":"c4nary\u00e9","encoding":"utf-8"}`
	pending = `{"id":"r1","state":"pending","system":"web01","account":"root","hours":1,"approvals_needed":1,"approvals_given":0,"made_at":"2026-03-01T12:00:00Z","expires_at":"2026-03-02T12:00:00Z"}`
)

func problemOf(code string) string {
	b, _ := json.Marshal(map[string]any{"code": code, "title": "words", "request_id": "id7"})
	return string(b)
}

func reveal(v secret.Value) (text string) {
	_ = v.Reveal(func(b []byte) error { text = string(b); return nil })
	return text
}

// ticketOf makes proofs whose answer has to be "reply".
func ticketOf(token string, err error) func(context.Context, string) (client.Proof, error) {
	return func(_ context.Context, host string) (client.Proof, error) {
		return client.Proof{Token: []byte(token), Check: func(answer []byte) error {
			if string(answer) != "reply" || !strings.HasPrefix(host, "127.0.0.1:") {
				return pam.Failf(pam.ErrProtocol, "somebody else answers")
			}
			return nil
		}}, err
	}
}

func TestATicketSignsInAsTheIntegrationThatWasMeant(t *testing.T) {
	t.Parallel()
	c, s := newClient(t, said{200, lent}, said{200, lent})
	c.Prove = ticketOf("ticket", nil)
	for range 2 {
		if _, err := c.Checkout(t.Context(), "l1"); err != nil {
			t.Fatal(err)
		}
	}
	if s.logins != 1 || !strings.Contains(s.asked[1], "Bearer t1") {
		t.Errorf("%d log-ins, %v", s.logins, s.asked)
	}
	other, s := newClient(t)
	other.Integration = "weekly"
	other.Prove = ticketOf("ticket", nil)
	if _, err := other.Checkout(t.Context(), "l1"); !errors.Is(err, pam.ErrSignInRefused) || s.logins != 1 {
		t.Errorf("another integration's token: %v", err)
	}
	silent, _ := newClient(t)
	silent.Prove = ticketOf("unanswered", nil)
	if _, err := silent.Checkout(t.Context(), "l1"); !errors.Is(err, pam.ErrProtocol) {
		t.Errorf("a server that is somebody else: %v", err)
	}
	none, s := newClient(t)
	none.Prove = ticketOf("", pam.Failf(pam.ErrDelegationRefused, "there is no ticket"))
	if _, err := none.Checkout(t.Context(), "l1"); !errors.Is(err, pam.ErrDelegationRefused) || !errors.Is(err, pam.ErrNotSent) || s.logins > 0 {
		t.Errorf("no ticket: %v", err)
	}
}

func TestOneTokenServesManyCallsUntilItIsRefused(t *testing.T) {
	t.Parallel()
	c, s := newClient(t, said{200, `{"items":[],"next":""}`}, said{200, `{"items":[],"next":""}`}, said{401, problemOf("unauthenticated")}, said{200, `{"items":[{"id":"l1"}],"next":"n"}`})
	for range 3 {
		if _, err := c.Checkouts(t.Context(), false, client.Paging{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(s.asked, "\n"); got != "GET /v1/checkouts Bearer t1\nGET /v1/checkouts Bearer t1\nGET /v1/checkouts Bearer t1\nGET /v1/checkouts Bearer t2" || s.logins != 2 {
		t.Error(got)
	}
}

func TestACheckOutWhoseAnswerIsLostIsAskedForAgainWithTheSameKey(t *testing.T) {
	t.Parallel()
	c, s := newClient(t, said{}, said{503, problemOf("stopping")}, said{201, lent})
	out, _, err := c.CheckOut(t.Context(), client.Ask{System: "web01", Account: "root", For: time.Hour, Key: "k1"})
	if err != nil || reveal(out.Secret) != "c4naryé" || out.ID != "l1" || !out.Due.Equal(time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)) {
		t.Fatalf("%+v, %v", out, err)
	}
	for _, asked := range s.asked {
		if asked != `POST /v1/checkouts Bearer t1 {"account":"root","hours":1,"system":"web01"} k1` {
			t.Error(asked)
		}
	}
}

// TestKeysOfOneTimeStandTogether is what the index of the store counts on.
func TestKeysOfOneTimeStandTogether(t *testing.T) {
	t.Parallel()
	keys := make([]string, 10_000)
	for n := range keys {
		keys[n] = client.NewKey()
	}
	if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
		t.Error("keys don't follow each other")
	}
}

func TestACheckOutWhoseAnswerBreaksOffIsAskedForOnceMore(t *testing.T) {
	t.Parallel()
	c, s := newClient(t, said{half, lent[:40]}, said{201, lent})
	out, _, err := c.CheckOut(t.Context(), client.Ask{System: "web01", Account: "root", Key: "k1"})
	if err != nil || reveal(out.Secret) != "c4naryé" || s.asked[0] != s.asked[1] {
		t.Fatalf("%+v, %v, %v", out, err, s.asked)
	}
	c, _ = newClient(t, said{half, lent[:40]}, said{half, lent[:40]})
	if _, _, err := c.CheckOut(t.Context(), client.Ask{System: "web01", Account: "root"}); !errors.Is(err, pam.ErrUncertain) || !errors.Is(err, pam.ErrProtocol) {
		t.Error(err)
	}
}

func TestAnAnswerWithoutWhatWasAskedForIsNone(t *testing.T) {
	t.Parallel()
	for _, a := range []said{{200, "{}"}, {200, "null"}, {204, ""}, {200, `{"items":null}`}} {
		c, _ := newClient(t, a)
		if _, err := c.Checkouts(t.Context(), false, client.Paging{}); !errors.Is(err, pam.ErrProtocol) {
			t.Errorf("a list of %d %s: %v", a.status, a.body, err)
		}
	}
	for _, a := range []said{{201, strings.Replace(lent, `"secret"`, `"other"`, 1)}, {201, "null"}, {204, ""}, {200, "{}"}, {202, `{"items":[]}`}, {200, "<html>"}} {
		c, _ := newClient(t, a)
		if _, _, err := c.CheckOut(t.Context(), client.Ask{System: "web01", Account: "root"}); !errors.Is(err, pam.ErrProtocol) || !errors.Is(err, pam.ErrUncertain) {
			t.Errorf("a check-out of %d %s: %v", a.status, a.body, err)
		}
	}
}

func TestAGatewayThatFindsNoVaultIsAnOutage(t *testing.T) {
	t.Parallel()
	c, _ := newClient(t, said{502, "<html>"}, said{503, "<html>"}, said{504, "<html>"})
	if _, _, err := c.CheckOut(t.Context(), client.Ask{System: "web01", Account: "root"}); !errors.Is(err, pam.ErrUnreachable) || !errors.Is(err, pam.ErrUncertain) {
		t.Error(err)
	}
}

func TestAWaitOutlastsAServerThatStartsAgain(t *testing.T) {
	t.Parallel()
	c, s := newClient(t, said{202, pending}, said{503, problemOf("stopping")}, said{502, "<html>"}, said{201, lent})
	out, _, err := c.CheckOutWithin(t.Context(), client.Ask{System: "web01", Account: "root", Key: "k1"}, time.Minute)
	if err != nil || reveal(out.Secret) != "c4naryé" || s.asked[1] != s.asked[3] {
		t.Fatalf("%+v, %v, %v", out, err, s.asked)
	}
}

func TestWhatCanNotBeReachedNamesTheSettingOfTheVault(t *testing.T) {
	t.Parallel()
	c, _ := newClient(t)
	c.Server = &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	_, err := c.Checkout(t.Context(), "l1")
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || !strings.Contains(f.Hint, "the setting server") || strings.Contains(f.Hint, "endpoint_url") {
		t.Errorf("%v, %+v", err, f)
	}
}

func TestAnApprovalIsWaitedForAndCollected(t *testing.T) {
	t.Parallel()
	c, s := newClient(t, said{202, pending}, said{201, lent})
	out, _, err := c.CheckOutWithin(t.Context(), client.Ask{System: "web01", Account: "root", Key: "k1"}, 3*time.Second)
	if err != nil || reveal(out.Secret) != "c4naryé" {
		t.Fatalf("%+v, %v", out, err)
	}
	if s.asked[1] != "GET /v1/requests/r1?wait=3s Bearer t1" {
		t.Error(s.asked[1])
	}
}

func TestWhatWasCollectedForNobodyIsAskedForByItsKey(t *testing.T) {
	t.Parallel()
	c, s := newClient(t, said{202, pending}, said{}, said{200, strings.Replace(pending, `"pending"`, `"collected"`, 1)}, said{201, lent})
	out, _, err := c.CheckOutWithin(t.Context(), client.Ask{System: "web01", Account: "root", Key: "k1"}, 3*time.Second)
	if err != nil || reveal(out.Secret) != "c4naryé" || !strings.HasSuffix(s.asked[3], " k1") {
		t.Fatalf("%+v, %v, %v", out, err, s.asked)
	}
}

func TestARequestThatIsOverIsToldAsItEnded(t *testing.T) {
	t.Parallel()
	for state, class := range map[string]pam.Class{"rejected": pam.ErrDenied, "dropped": pam.ErrDenied, "lapsed": pam.ErrDenied, "collected": pam.ErrConflict, "pending": pam.ErrPending} {
		status := 200
		if state == "pending" {
			status = 202
		}
		c, _ := newClient(t, said{status, strings.Replace(pending, `"pending"`, `"`+state+`"`, 1)})
		if _, r, err := c.Collect(t.Context(), "r1", 0); !errors.Is(err, class) || r.ID != "r1" {
			t.Errorf("%s: %v", state, err)
		}
	}
}

func TestASecretThatIsNoTextComesAsItIs(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{`"secret":"YzRuYXJ5/wA=","encoding":"base64"`: "c4nary\xff\x00", `"secret":"!","encoding":"base64"`: "", `"secret":"x","encoding":"rot13"`: "", `"secret":"x"`: ""} {
		c, _ := newClient(t, said{201, `{"id":"l1",` + body + `}`})
		out, _, err := c.CheckOut(t.Context(), client.Ask{System: "web01", Account: "root"})
		if reveal(out.Secret) != want || (err == nil) != (want != "") || err != nil && !errors.Is(err, pam.ErrProtocol) {
			t.Errorf("%s: %q, %v", body, reveal(out.Secret), err)
		}
	}
}

func TestProblemsHaveTheClassTheyHaveAtTheVault(t *testing.T) {
	t.Parallel()
	for code, class := range map[string]pam.Class{
		"malformed_request": pam.ErrUsage, "invalid_request": pam.ErrUsage, "forbidden": pam.ErrDenied, "not_found": pam.ErrNotFound, "conflict": pam.ErrConflict, "checked_out": pam.ErrCheckedOut,
		"idempotency_mismatch": pam.ErrConflict, "too_many_attempts": pam.ErrUnreachable, "audit_unavailable": pam.ErrJournal, "too_slow": pam.ErrUnreachable, "internal": pam.ErrOther, "no_such_call": pam.ErrProtocol, "another": pam.ErrOther,
	} {
		c, _ := newClient(t, said{400, problemOf(code)})
		_, err := c.CheckIn(t.Context(), "l1")
		f, ok := errors.AsType[*pam.Failure](err)
		if !ok || f.Class != class || f.Hint == "" || !strings.Contains(f.Message, "words (request id7)") {
			t.Errorf("%s: %v", code, err)
		}
	}
	c, _ := newClient(t, said{503, problemOf("outcome_unknown")}, said{503, problemOf("outcome_unknown")}, said{503, problemOf("outcome_unknown")})
	if _, _, err := c.CheckOut(t.Context(), client.Ask{System: "web01", Account: "root"}); !errors.Is(err, pam.ErrUncertain) || !errors.Is(err, pam.ErrUnreachable) {
		t.Error(err)
	}
}

func TestAnAnswerThatIsNoneIsToldAsSuch(t *testing.T) {
	t.Parallel()
	for _, a := range []said{{200, "<html>"}, {200, "{"}, {404, "<html>"}, {302, "{}"}, {400, "{}"}, {200, `"` + strings.Repeat("x", 5<<20) + `"`}} {
		c, _ := newClient(t, a)
		if _, err := c.Checkout(t.Context(), "l1"); !errors.Is(err, pam.ErrProtocol) {
			t.Errorf("%d: %v", a.status, err)
		}
	}
}

func TestASignInThatIsRefusedIsTold(t *testing.T) {
	t.Parallel()
	c, _ := newClient(t, said{403, problemOf("forbidden")})
	c.Credential = func(context.Context) (secret.Value, error) { return secret.FromString("wrong"), nil }
	if _, err := c.Requests(t.Context(), client.Paging{}); !errors.Is(err, pam.ErrSignInRefused) {
		t.Error(err)
	}
	c.Credential = func(context.Context) (secret.Value, error) { return secret.Value{}, pam.Failf(pam.ErrUsage, "no file") }
	if _, err := c.Requests(t.Context(), client.Paging{}); !errors.Is(err, pam.ErrUsage) {
		t.Error(err)
	}
}

func TestTheRestOfTheCalls(t *testing.T) {
	t.Parallel()
	c, s := newClient(t, said{200, `{"items":[{"system":"web01","approval":true,"max_hours":2}],"next":"n"}`}, said{200, lent}, said{200, pending}, said{200, pending}, said{204, ""}, said{401, problemOf("unauthenticated")})
	page, err := c.Credentials(t.Context(), "web*", "", client.Paging{Limit: 1, Cursor: "a"})
	if err != nil || page.Next != "n" || len(page.Items) != 1 || !page.Items[0].Approval || page.Items[0].Hours != 2 {
		t.Errorf("%+v, %v", page, err)
	}
	if out, err := c.Extend(t.Context(), "a/b", 90*time.Minute); err != nil || out.ID != "l1" {
		t.Errorf("%+v, %v", out, err)
	}
	if r, err := c.Request(t.Context(), "r1"); err != nil || r.State != "pending" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := c.Drop(t.Context(), "r1"); err != nil || r.ID != "r1" {
		t.Errorf("%+v, %v", r, err)
	}
	for range 2 { // ended, and ended before
		if err := c.LogOut(t.Context(), secret.FromString("t9")); err != nil {
			t.Error(err)
		}
	}
	want := "GET /v1/credentials?cursor=a&limit=1&system=web%2A Bearer t1\nPOST /v1/checkouts/a%2Fb/extend Bearer t1 {\"hours\":1.5}\nGET /v1/requests/r1?collect=no Bearer t1\nPOST /v1/requests/r1/drop Bearer t1\nPOST /v1/logout Bearer t9\nPOST /v1/logout Bearer t9"
	if got := strings.Join(s.asked, "\n"); got != want {
		t.Errorf("%s", got)
	}
}
