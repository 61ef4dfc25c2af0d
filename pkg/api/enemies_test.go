package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/redim-tools/redim/pkg/api"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// recorder keeps an answer.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

func newRecorder() *recorder                    { return &recorder{header: http.Header{}} }
func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorder) WriteHeader(int)             {}

// untouched asserts that nothing was released.
func (w *world) untouched() {
	w.Helper()
	leases, err := w.Leases(context.Background(), vault.LeaseCriteria{}, "")
	if err != nil || len(leases.Items) > 0 {
		w.Errorf("%d leases, %v", len(leases.Items), err)
	}
}

func TestBadBodiesAreRefusedAndReleaseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	c := w.signIn()
	const good = `{"system":"web01","account":"backup"`
	for name, body := range map[string]string{
		"nothing": "", "no object": `["web01"]`, "a text": `"web01"`, "null": "null", "no end": good, "half a member": good + `,"hours"`, "something after": good + "} {}", "two objects": good + "}" + good + "}",
		"a member twice": good + `,"account":"root"}`, "a member in other letters": good + `,"Hours":1}`, "a member that there is not": good + `,"secret":"x"}`,
		"null for a text": `{"system":null,"account":"backup"}`, "null for a number": good + `,"hours":null}`, "a text for a number": good + `,"hours":"1"}`, "a number for a text": `{"system":1,"account":"backup"}`,
		"a list": `{"system":["web01"],"account":"backup"}`, "an object": `{"system":{"a":1},"account":"backup"}`, "no UTF-8": "{\"system\":\"web01\xff\",\"account\":\"backup\"}",
		"deep": `{"system":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `,"account":"backup"}`, "deep and open": strings.Repeat(`{"system":`, 5000), "a missing member": `{"system":"web01"}`,
	} {
		g := c.post("/v1/checkouts", body).want(http.StatusBadRequest, "malformed_request")
		if g.text("detail") == "" {
			t.Errorf("%s: %s", name, g.body)
		}
	}
	for name, body := range map[string]string{
		"no hours": good + `,"hours":0}`, "hours below": good + `,"hours":-1}`, "too many": good + `,"hours":8761}`, "hours by powers": good + `,"hours":1e0}`, "far too many": good + `,"hours":1` + strings.Repeat("0", 400) + `}`,
		"a star": `{"system":"web*","account":"backup"}`, "a slash": `{"system":"web01/backup","account":"x"}`, "an empty part": `{"system":"","account":"backup"}`, "blanks": `{"system":" web01","account":"backup"}`,
		"a line break": good + `,"reason":"a\nb"}`, "other directions": good + `,"comment":"\u202e"}`, "half a surrogate": good + `,"ticket":"\ud800` + strings.Repeat("x", 200) + `"}`, "a long reason": good + `,"reason":"` + strings.Repeat("x", 1001) + `"}`,
	} {
		if g := c.post("/v1/checkouts", body); g.status != http.StatusBadRequest || g.text("code") != "invalid_request" {
			t.Errorf("%s: %d %s", name, g.status, g.body)
		}
	}
	c.post("/v1/checkouts", good+`,"hours":2.5}`).want(http.StatusForbidden, "forbidden")
	large := good + `,"comment":"` + strings.Repeat("x", 64<<10) + `"}`
	c.post("/v1/checkouts", large).want(http.StatusRequestEntityTooLarge, "too_large")
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1", "application/jsonx", "nonsense/"} {
		c.with("Content-Type", kind).post("/v1/checkouts", good+"}").want(http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	c.with("Content-Encoding", "gzip").post("/v1/checkouts", good+"}").want(http.StatusUnsupportedMediaType, "unsupported_media_type")
	w.untouched()
	c.with("Content-Type", "Application/JSON; Charset=UTF-8").post("/v1/checkouts", good+"}").want(http.StatusCreated, "")
}

func TestABodyWithoutALengthIsBoundedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+"/v1/checkouts", &endless{})
	if err != nil {
		t.Fatal(err)
	}
	r.Header = w.signIn().header
	r.Header.Set("Content-Type", "application/json")
	res, err := w.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Error(res.Status)
	}
}

// TestABodyThatDoesNotComeIsRefused sends half of one, and no more until the
// server's time for it is over.
func TestABodyThatDoesNotComeIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	c := w.signIn()
	for range 2 { // the second time the caller is recognised
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/checkouts", io.MultiReader(strings.NewReader(`{"system":"web01",`), iotest.ErrReader(fmt.Errorf("read: %w", os.ErrDeadlineExceeded))))
		r.Header, r.RemoteAddr = c.with("Content-Type", "application/json").header, "127.0.0.1:4711"
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		g := &got{caller: c, method: r.Method, path: r.URL.Path, status: rec.Code, header: rec.Header(), body: rec.Body.Bytes()}
		if got := g.header.Get("Connection"); got != "close" {
			t.Errorf("Connection: %q", got)
		}
		g.header.Del("Connection") // no client sees it
		g.documented()
		g.want(http.StatusRequestTimeout, "too_slow")
	}
	w.untouched()
}

// endless is a body that does not end.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	if e.read += len(b); e.read > 100<<20 {
		return 0, errors.New("100 MB were read")
	}
	for n := range b {
		b[n] = ' '
	}
	return len(b), nil
}

func TestOddPathsAndMethodsAreNoCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signIn()
	for _, path := range []string{
		"/", "/v1", "/v1/", "/v1/checkouts/", "//v1/checkouts", "/v1//checkouts", "/v1/./checkouts", "/v1/x/../checkouts", "/v1/%63heckouts", "/v1/checkouts%2f", "/v1/checkouts/a%2fb", "/v1/checkouts/%2e%2e/requests",
		"/v1/checkouts/..", "/v1/checkouts/a;b", "/v2/checkouts", "/V1/checkouts", "/v1/checkouts%00", "/v1/checkouts/" + strings.Repeat("x", 300), "/v1/checkouts/a\\b", "/v1/requests/%0d%0aX-Header:1",
	} {
		c.get(path).want(http.StatusNotFound, "no_such_call")
	}
	for _, method := range []string{"HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get"} {
		if g := c.send(method, "/v1/checkouts", nil); g.status != http.StatusMethodNotAllowed || g.header.Get("Allow") != "GET, POST" {
			t.Errorf("%s: %d %v", method, g.status, g.header)
		}
	}
	if strings.Contains(w.log.String(), "PROPFIND") {
		t.Error("a stranger's method is in the log")
	}
	c.send("HEAD", "/v1/requests/x", nil).want(http.StatusMethodNotAllowed, "")
}

func TestOddQueriesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signIn()
	for _, path := range []string{
		"/v1/credentials?x=1", "/v1/credentials?system=a&system=b", "/v1/credentials?limit=0", "/v1/credentials?limit=1001", "/v1/credentials?limit=x", "/v1/credentials?cursor=x", "/v1/credentials?system=%ff", "/v1/credentials?system=%zz",
		"/v1/credentials?system=%0a", "/v1/credentials?system=a;b", "/v1/checkouts?state=closed", "/v1/checkouts?cursor=x", "/v1/checkouts?limit=-1", "/v1/checkouts?x", "/v1/checkouts/x?secret=1", "/v1/requests?wait=1s", "/v1/requests?limit=0",
		"/v1/requests?cursor=x", "/v1/requests/x?wait=61s", "/v1/requests/x?wait=-1s", "/v1/requests/x?wait=1", "/v1/requests/x?x=1", "/v1/requests/x?collect=maybe", "/v1/credentials?system=" + strings.Repeat("x", 5000),
	} {
		c.get(path).want(http.StatusBadRequest, "invalid_request")
	}
	c.get("/v1/checkouts/x").want(http.StatusNotFound, "not_found")
	c.get("/v1/requests/x").want(http.StatusNotFound, "not_found")
	c.post("/v1/checkouts/x/checkin", nil).want(http.StatusNotFound, "not_found")
	c.post("/v1/checkouts/x/extend", map[string]any{"hours": 1}).want(http.StatusNotFound, "not_found")
	c.post("/v1/requests/x/drop", nil).want(http.StatusNotFound, "not_found")
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signIn().with("X-Large", strings.Repeat("x", 20<<10)).get("/v1/checkouts").want(http.StatusRequestHeaderFieldsTooLarge, "headers_too_large")
}

func TestAnIdempotencyKeyStandsForOneQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	w.credential("web02/backup", "")
	c := w.signIn()
	ask := map[string]any{"system": "web01", "account": "backup", "reason": "run"}
	first := c.with("Idempotency-Key", "k").post("/v1/checkouts", ask).want(http.StatusCreated, "")
	again := c.with("Idempotency-Key", `"k"`).post("/v1/checkouts", `{ "reason":"run","account":"backup", "system":"web01" }`).want(http.StatusCreated, "")
	if !bytes.Equal(first.body, again.body) {
		t.Errorf("%s, then %s", first.body, again.body)
	}
	for _, other := range []map[string]any{
		{"system": "web02", "account": "backup", "reason": "run"}, {"system": "web01", "account": "backup"}, {"system": "web01", "account": "backup", "reason": "run", "hours": 1}, {"system": "web01", "account": "backup", "reason": "run", "ticket": "x"},
	} {
		c.with("Idempotency-Key", "k").post("/v1/checkouts", other).want(http.StatusUnprocessableEntity, "idempotency_mismatch")
	}
	c.post("/v1/checkouts/"+first.text("id")+"/checkin", nil).want(http.StatusOK, "")
	c.with("Idempotency-Key", "k").post("/v1/checkouts", ask).want(http.StatusConflict, "conflict")
	for _, bad := range []string{"", `""`, "a b", "é", strings.Repeat("x", 256)} {
		c.with("Idempotency-Key", bad).post("/v1/checkouts", ask).want(http.StatusBadRequest, "invalid_request")
	}
	twice := c.with("Idempotency-Key", "k2")
	twice.header.Add("Idempotency-Key", "k3")
	twice.post("/v1/checkouts", ask).want(http.StatusBadRequest, "invalid_request")
	if all := c.get("/v1/checkouts?state=all").items("id"); all != first.text("id") {
		t.Errorf("checked out: %s", all)
	}
}

func TestManyRepetitionsAtOnceAreOneCheckOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("several"), Exclusive: new(false)})
	w.credential("web01/backup", "several")
	c := w.signIn().with("Idempotency-Key", "k")
	var all sync.WaitGroup
	ids := make(chan string, 20)
	for range cap(ids) {
		all.Go(func() {
			if g := c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "backup"}); g.status == http.StatusCreated {
				ids <- g.text("id")
			} else {
				t.Errorf("%d %s", g.status, g.body)
			}
		})
	}
	all.Wait()
	close(ids)
	seen := map[string]bool{}
	for id := range ids {
		seen[id] = true
	}
	if len(seen) != 1 {
		t.Errorf("%d check-outs", len(seen))
	}
}

func TestACheckOutIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	c := w.signIn()
	id := c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "backup"}).want(http.StatusCreated, "").text("id")
	i, hidden := w.integration(vault.IntegrationEdit{Name: new("other"), Allowed: &w.app.Allowed, Grants: &w.app.Grants})
	g := w.anybody().post("/v1/login", map[string]any{"name": i.Name, "credential": hidden}).want(http.StatusOK, "")
	other := w.anybody().with("Authorization", "Bearer "+g.text("token"))
	held := other.post("/v1/checkouts", map[string]any{"system": "web01", "account": "backup"}).want(http.StatusConflict, "checked_out")
	if strings.Contains(string(held.body), "nightly") {
		t.Errorf("it tells who holds it: %s", held.body)
	}
	other.get("/v1/checkouts/"+id).want(http.StatusNotFound, "not_found")
	other.post("/v1/checkouts/"+id+"/checkin", nil).want(http.StatusNotFound, "not_found")
	other.post("/v1/checkouts/"+id+"/extend", map[string]any{"hours": 1}).want(http.StatusNotFound, "not_found")
	c.get("/v1/checkouts/"+id).want(http.StatusOK, "")
}

func TestWhatIsNotGrantedLooksLikeWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("db01/root", "")
	if _, err := w.CreateCredential(t.Context(), admin("root"), vault.CredentialEdit{System: new("db02"), Account: new("root")}); err != nil {
		t.Fatal(err)
	}
	c := w.signIn()
	said := map[string]bool{}
	for _, system := range []string{"db01", "db02", "db03"} {
		g := c.post("/v1/checkouts", map[string]any{"system": system, "account": "root"}).want(http.StatusForbidden, "forbidden")
		said[strings.Replace(string(g.body), g.text("request_id"), "", 1)] = true
	}
	if len(said) != 1 {
		t.Errorf("%v", said)
	}
	w.untouched()
}

func TestAStoreThatFailsReleasesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	c := w.signIn()
	ask := map[string]any{"system": "web01", "account": "backup"}
	full := pam.Failf(pam.ErrJournal, "the disk is full")
	for code, err := range map[string]error{
		"audit_unavailable": full, "store_unavailable": pam.Failf(pam.ErrUnreachable, "nobody answers"), "outcome_unknown": pam.Failf(pam.ErrUnreachable, "it broke off").Uncertain(),
	} {
		w.store.fail(nil, err)
		if g := c.post("/v1/checkouts", ask).want(http.StatusServiceUnavailable, code); g.header.Get("Retry-After") == "" {
			t.Errorf("%s: when to try again is not said", code)
		}
		w.anybody().post("/v1/login", map[string]any{"name": "nightly", "credential": w.secret}).want(http.StatusServiceUnavailable, code)
		w.store.fail(nil, nil)
		w.untouched()
	}
	w.store.fail(pam.Failf(pam.ErrUnreachable, "nobody answers"), nil)
	c.get("/v1/credentials").want(http.StatusServiceUnavailable, "store_unavailable")
	w.anybody().get("/readyz").want(http.StatusServiceUnavailable, "store_unavailable")
	w.anybody().get("/healthz").want(http.StatusOK, "")
	w.store.fail(context.DeadlineExceeded, nil)
	c.get("/v1/credentials").want(http.StatusServiceUnavailable, "store_unavailable")
	w.store.fail(pam.Failf(pam.ErrInterrupted, "closed"), nil)
	c.get("/v1/credentials").want(http.StatusServiceUnavailable, "stopping")
	w.store.fail(errors.New("c4nary is in the row"), nil)
	c.get("/v1/credentials").want(http.StatusInternalServerError, "internal")
	w.store.fail(nil, nil)
	out := c.post("/v1/checkouts", ask).want(http.StatusCreated, "")
	w.store.fail(nil, pam.Failf(pam.ErrConflict, "it was changed meanwhile"))
	c.post("/v1/checkouts/"+out.text("id")+"/checkin", nil).want(http.StatusConflict, "conflict")
	w.store.fail(nil, nil)
	c.post("/v1/checkouts/"+out.text("id")+"/checkin", nil).want(http.StatusOK, "")
	w.log.forget("c4nary is in the row")
}

// TestWhatMayHaveBeenDoneIsSaidToBeUnknown lets the store break off in the middle of a
// check-out and then not answer at all, to a caller who was recognised.
func TestWhatMayHaveBeenDoneIsSaidToBeUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", w.policy(vault.PolicyEdit{Name: new("shared"), Exclusive: new(false)}).Name)
	c := w.signIn()
	ask := map[string]any{"system": "web01", "account": "backup"}
	for range 2 {
		c.post("/v1/checkouts", ask).want(http.StatusCreated, "")
	}
	w.store.fail(pam.Failf(pam.ErrUnreachable, "nobody answers"), pam.Failf(pam.ErrUnreachable, "it broke off").Uncertain())
	c.post("/v1/checkouts", ask).want(http.StatusServiceUnavailable, "outcome_unknown")
}

func TestAPanicIsAProblem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *api.Options) {
		o.LogIn = func(context.Context, vault.Door, string, secret.Value) (vault.Admission, error) { panic("a mistake") }
	})
	w.anybody().post("/v1/login", map[string]any{"name": "nightly", "credential": canary}).want(http.StatusInternalServerError, "internal")
	if !strings.Contains(w.log.String(), "a mistake") || !strings.Contains(w.log.String(), "enemies_test.go") {
		t.Error("the log does not tell")
	}
	w.anybody().get("/healthz").want(http.StatusOK, "")
}

func TestASecretThatIsNoTextIsInBase64(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for account, text := range map[string]string{"bytes": "c4nary\xff\x00", "quotes": "c4nary \" \\ \x01 \u2028 é </script>"} {
		if _, err := w.CreateCredential(t.Context(), admin("root"), vault.CredentialEdit{System: new("web01"), Account: &account, Secret: secret.FromString(text)}); err != nil {
			t.Fatal(err)
		}
	}
	c := w.signIn()
	if g := c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "bytes"}).want(http.StatusCreated, ""); g.text("encoding") != "base64" || g.text("secret") != "YzRuYXJ5/wA=" {
		t.Errorf("%s", g.body)
	}
	if g := c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "quotes"}).want(http.StatusCreated, ""); g.text("encoding") != "utf-8" || g.text("secret") != "c4nary \" \\ \x01 \u2028 é </script>" {
		t.Errorf("%s", g.body)
	}
}

func TestAWaitThatNobodyWaitsForCollectsNothing(t *testing.T) {
	t.Parallel()
	w, c, id := asks(t)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.server.URL+"/v1/requests/"+id+"?wait=60s", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = c.header
	done := make(chan error, 1)
	go func() {
		res, err := w.server.Client().Do(r)
		if err == nil {
			err = res.Body.Close()
		}
		done <- err
	}()
	for w.metric("redim_api_requests_waited_for") != "1" { // until it waits
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("it was answered")
	}
	for w.api.InFlight() > 0 { // until the server has seen it
		time.Sleep(time.Millisecond)
	}
	w.decide(id, true)
	w.untouched()
	c.get("/v1/requests/"+id).want(http.StatusCreated, "")
}
