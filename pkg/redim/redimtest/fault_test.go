package redimtest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

const listsOp = "AccountStoreOps_SharedCredential_GetLists"

// lists asks for the shared lists and returns status, answer and error.
func (c *caller) lists(token string) (int, string, error) {
	return c.send(http.MethodPost, c.base+listsOp, "application/json", `{"AuthenticationToken":`+quoted(token)+`}`)
}

// faulty starts a server that has a signed-in identity before its faults.
func faulty(t *testing.T, specs ...string) (*redimtest.Running, *caller, string) {
	t.Helper()
	r, c := newCaller(t)
	token := c.delegation(r)
	if err := r.SetFaults(specs...); err != nil {
		t.Fatal(err)
	}
	return r, c, token
}

func TestStatusesOnDemandComeAsOftenAsAsked(t *testing.T) {
	t.Parallel()
	_, c, token := faulty(t, "status=503*2,retry-after=7")
	for i, want := range []int{503, 503, 200, 200} {
		status, answer, err := c.lists(token)
		if err != nil || status != want {
			t.Errorf("%d: %d %v", i, status, err)
		}
		if after := c.last.Header.Get("Retry-After"); (after == "7") != (want == 503) {
			t.Errorf("%d: Retry-After %q", i, after)
		}
		if strings.HasPrefix(answer, "<!DOCTYPE html>") != (want == 503) {
			t.Errorf("%d: %s", i, answer)
		}
	}
}

func TestAFaultMayHitOneOperationAfterAWhile(t *testing.T) {
	t.Parallel()
	r, c, token := faulty(t, listsOp+":status=500,after=1,times=1", "DoLogin:status=429")
	for i, want := range []int{200, 500, 200} {
		if status, _, _ := c.lists(token); status != want {
			t.Errorf("%d: %d, want %d", i, status, want)
		}
	}
	c.delegation(r) // DoLogin2 is not hit
	if status, _ := c.post("dologin", `{}`); status != 429 {
		t.Errorf("DoLogin: %d", status)
	}
	if got := r.Stats().Operations; got[listsOp] != 3 || got["DoLogin"] != 1 || got["DoLogin2"] != 2 {
		t.Errorf("requests with a fault are counted too: %v", got)
	}
}

func TestAFaultMayNameAnOperationByItsLastWord(t *testing.T) {
	t.Parallel()
	_, c, token := faulty(t, "getlists:status=500", "CheckOut:status=503")
	for op, want := range map[string]int{listsOp: 500, checkOutOp: 503, "AccountStoreOps_SharedCredential_CheckOut": 503, listOp: 200} {
		if status, _ := c.post(op, `{"AuthenticationToken":`+quoted(token)+`,"SystemName":"web01"}`); status != want {
			t.Errorf("%s: %d, want %d", op, status, want)
		}
	}
}

func TestUnauthorizedAfterSoManyRequestsSparesLogins(t *testing.T) {
	t.Parallel()
	r, c, token := faulty(t, "401-after=2")
	for i, want := range []int{200, 200, 401, 401} {
		c.delegation(r)
		if status, answer, _ := c.lists(token); status != want || want == 401 && !strings.HasPrefix(answer, `{"OperationMessage"`) {
			t.Errorf("%d: %d %s", i, status, answer)
		}
	}
}

func TestTokensAreRevokedMidWayOnce(t *testing.T) {
	t.Parallel()
	r, c, token := faulty(t, "revoke-after=1")
	for i, want := range []int{200, 401, 401} {
		if status, _, _ := c.lists(token); status != want {
			t.Errorf("%d: %d, want %d", i, status, want)
		}
	}
	if status, _, _ := c.lists(c.delegation(r)); status != 200 {
		t.Error("a new token is refused too")
	}
}

func TestADelayAddsUpAndTheOperationIsStillDone(t *testing.T) {
	t.Parallel()
	_, c, token := faulty(t, "delay=20ms", listsOp+":delay=30ms")
	from := time.Now()
	if status, _, err := c.lists(token); status != 200 || err != nil {
		t.Errorf("%d %v", status, err)
	}
	if took := time.Since(from); took < 50*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

func TestAHangLastsUntilTheClientOrTheServerGoes(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"hang", "delay=1h"} {
		t.Run(spec, func(t *testing.T) {
			t.Parallel()
			r, c, _ := faulty(t, spec)
			if _, err := c.timed(50*time.Millisecond, listsOp, `{}`); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the client went: %v", err)
			}
			failed, sent := make(chan error), make(chan struct{})
			trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) }}
			req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost, c.base+listsOp, strings.NewReader(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _, err := c.do(req); failed <- err }()
			<-sent
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if err := <-failed; err == nil {
				t.Error("answered after the end")
			}
		})
	}
}

// timed posts with a deadline.
func (c *caller) timed(limit time.Duration, op, body string) (string, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+op, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	_, answer, err := c.do(req)
	return answer, err
}

func TestADroppedRequestIsNotDoneAndADroppedReplyIs(t *testing.T) {
	t.Parallel()
	for spec, made := range map[string]int64{"drop": 0, "drop-reply": 1, "truncate": 1, "hang": 0, "late=1h": 0} {
		r, c, token := faulty(t, spec)
		limit := 5 * time.Second
		if spec == "hang" {
			limit = 50 * time.Millisecond
		}
		part, err := c.timed(limit, checkOutOp, body(t, stored(token, "sa", `db01\PROD`, 9)))
		if err == nil {
			t.Errorf("%s: answered", spec)
		}
		if spec == "truncate" && (c.last.StatusCode != http.StatusOK || part == "" || int64(len(part)) >= c.last.ContentLength) {
			t.Errorf("truncated: %d of %d bytes", len(part), c.last.ContentLength)
		}
		if got := r.Stats().Checkouts.Made; got != made {
			t.Errorf("%s: %d check-outs, want %d", spec, got, made)
		}
	}
}

func TestALateRequestIsCarriedOutWhenItsClientHasGone(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1000)
	clock := func() time.Time { asked <- struct{}{}; return time.Now() } // each operation asks for the time
	r, c := newCaller(t, redimtest.Options{Now: clock})
	token := c.delegation(r)
	if err := r.SetFaults("CheckOut:late=20ms*1"); err != nil {
		t.Fatal(err)
	}
	for len(asked) > 0 {
		<-asked
	}
	if _, err := c.timed(5*time.Second, checkOutOp, body(t, stored(token, "sa", `db01\PROD`, 9))); err == nil {
		t.Fatal("it was answered")
	}
	<-asked
	if got := r.Stats().Checkouts; got.Made != 1 || got.Open != 1 {
		t.Errorf("the service has %+v", got)
	}
}

func TestAFaultWorksOverHTTP1AsWell(t *testing.T) {
	t.Parallel()
	r := redimtest.NewServer(t, redimtest.Options{PlainHTTP: true})
	c := &caller{t: t, client: &http.Client{Transport: &http.Transport{}}, base: r.URL() + "/x/JSON/V2/AuthService.svc/"}
	token := c.delegation(r)
	for _, spec := range []string{"drop", "drop-reply", "late=1h", "truncate"} {
		if err := r.SetFaults(spec); err != nil {
			t.Fatal(err)
		}
		if _, answer, err := c.lists(token); err == nil {
			t.Errorf("%s: answered %s", spec, answer)
		}
	}
	if err := r.SetFaults("truncate"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.send(http.MethodPost, c.base+"DoLogout", "application/json", `{"AuthenticationToken":`+quoted(token)+`}`); err == nil {
		t.Error("an empty answer was not cut off")
	}
}

func TestAnAnswerMayBeAPageOrFarTooLong(t *testing.T) {
	t.Parallel()
	r, c, token := faulty(t, "html")
	if status, answer, _ := c.lists(token); status != 200 || !strings.Contains(answer, "Sign in") || c.last.Header.Get("Content-Type") != "text/html; charset=UTF-8" {
		t.Errorf("%d %s", status, answer)
	}
	for spec, want := range map[string]int{"oversized": 10 << 20, "oversized=64KB": 64 << 10, "oversized=2": 2, "oversized=1mb": 1 << 20} {
		if err := r.SetFaults(spec); err != nil {
			t.Fatal(err)
		}
		if status, answer, err := c.lists(token); err != nil || status != 200 || len(answer) != want || answer[0] != '"' || answer[want-1] != '"' {
			t.Errorf("%s: %d, %d bytes, %v", spec, status, len(answer), err)
		}
	}
}

func TestTheClockOfTheHeaderMayBeWrong(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]time.Duration{"skew=+5m": 5 * time.Minute, "skew=-1h": -time.Hour} {
		_, c, token := faulty(t, spec)
		if status, _, _ := c.lists(token); status != 200 {
			t.Fatal(status)
		}
		date, err := http.ParseTime(c.last.Header.Get("Date"))
		if off := time.Until(date) - want; err != nil || off.Abs() > 30*time.Second {
			t.Errorf("%s: %v, %v", spec, c.last.Header["Date"], err)
		}
	}
}

func TestARedirectLeadsToAnotherHostWithTheSamePath(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"redirect": "https://redirect.invalid/ERPMWebService/JSON/V2/AuthService.svc/" + listsOp,
		"redirect=http://other.example.org:8080/": "http://other.example.org:8080/ERPMWebService/JSON/V2/AuthService.svc/" + listsOp,
		listsOp + ":redirect=https://x.example/y": "https://x.example/y",
	} {
		_, c, token := faulty(t, spec)
		c.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		status, _, err := c.lists(token)
		if err != nil || status != http.StatusTemporaryRedirect || c.last.Header.Get("Location") != want {
			t.Errorf("%s: %d %v %v", spec, status, c.last.Header["Location"], err)
		}
	}
}

func TestAFaultThatMakesNoSenseIsRefusedWithAHint(t *testing.T) {
	t.Parallel()
	r, c, token := faulty(t, "status=500")
	for _, spec := range []string{
		"", "explode", "delay", "delay=", "delay=soon", "delay=-1s", "late", "late=-1s", "skew", "status", "status=200", "status=600", "status=abc", "status=503*0", "status=503*x",
		"401-after", "401-after=-1", "revoke-after=x", "hang=1s", "drop=1", "html=x", "oversized=", "oversized=1", "oversized=2000MB", "oversized=big",
		"redirect=", "redirect=other.example.org", "redirect=ftp://x", "redirect=https://%zz", "DoLogin9:drop", ":drop=x",
		"drop,retry-after=1", "status=503,retry-after=x", "status=503,times=0", "status=503,after", "status=503,often=3", "drop,,",
	} {
		err := r.SetFaults("delay=1ms", spec)
		var f *pam.Failure
		if !errors.As(err, &f) || f.Class != pam.ErrUsage || !strings.Contains(f.Hint, "delay, hang, drop") || !strings.Contains(f.Message, "fault "+`"`) {
			t.Errorf("%q: %v", spec, err)
		}
	}
	if status, _, _ := c.lists(token); status != 500 {
		t.Error("the faults before a wrong one are gone")
	}
	if _, err := redimtest.Start(redimtest.Options{Faults: []string{"explode"}}); !errors.Is(err, pam.ErrUsage) {
		t.Errorf("at the start: %v", err)
	}
}

func TestFaultsAreSetWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	r, c, token := faulty(t)
	set := func(method, path, text string) (int, string) {
		status, answer, err := c.send(method, r.URL()+path, "text/plain", text)
		if err != nil {
			t.Fatal(err)
		}
		return status, answer
	}
	if status, _ := set("POST", "/-/faults", "# two of them\nstatus=503*1\n\n delay=1ms \n"); status != 200 {
		t.Error(status)
	}
	if status, text := set("GET", "/-/faults", ""); status != 200 || text != "status=503*1\ndelay=1ms\n" {
		t.Errorf("%d %q", status, text)
	}
	if status, _, _ := c.lists(token); status != 503 {
		t.Error(status)
	}
	if status, text := set("POST", "/-/faults", "explode"); status != 400 || !strings.Contains(text, `fault "explode": there is no fault "explode"`) {
		t.Errorf("%d %q", status, text)
	}
	if status, _ := set("POST", "/-/faults", strings.Repeat("#", 70_000)); status != 400 {
		t.Errorf("a body without end: %d", status)
	}
	if status, _ := set("POST", "/-/faults", ""); status != 200 || len(r.Faults()) != 0 {
		t.Errorf("%d, left %v", status, r.Faults())
	}
	if status, _ := set("POST", "/-/revoke", ""); status != 200 {
		t.Error(status)
	}
	if status, _, _ := c.lists(token); status != 401 {
		t.Error("not revoked")
	}
	token = c.delegation(r)
	if status, _ := set("POST", "/-/advance", "31m\n"); status != 200 {
		t.Error(status)
	}
	if status, _, _ := c.lists(token); status != 401 {
		t.Error("the clock did not advance")
	}
	for _, wrong := range []struct {
		method, path, text string
		status             int
	}{{"POST", "/-/advance", "soon", 400}, {"GET", "/-/advance", "", 405}, {"POST", "/-/stats", "", 405}, {"DELETE", "/-/events", "", 405}, {"GET", "/-/other", "", 404}} {
		if status, _ := set(wrong.method, wrong.path, wrong.text); status != wrong.status {
			t.Errorf("%s %s: %d, want %d", wrong.method, wrong.path, status, wrong.status)
		}
	}
}

func TestTheControlsAreForThisMachineOnly(t *testing.T) {
	t.Parallel()
	s, err := redimtest.New(redimtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/-/stats", "/-/events", "/-/faults"} {
		for from, want := range map[string]int{"192.0.2.7:1": 404, "[2001:db8::1]:1": 404, "nonsense": 404, "127.0.0.9:1": 200, "[::1]:1": 200, "[::ffff:127.0.0.1]:1": 200} {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, RemoteAddr: from, Header: http.Header{}, Body: http.NoBody})
			if w.Code != want {
				t.Errorf("%s from %s: %d, want %d", path, from, w.Code, want)
			}
		}
	}
}
