package transport_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/transport"
)

const canary = `c4nary-Pa55/+"<&é`

func TestTheTraceShowsOnlyWhatIsOnItsList(t *testing.T) {
	t.Parallel()
	s := plainServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Set-Cookie", "session=c4nary")
		w.Header().Set("Date", "Tue, 14 Nov 2023 22:13:20 GMT")
		_, _ = fmt.Fprintf(w, `{"OperationMessage":%q,"OperationSucceeded":true,"c4nary-name":1}`, canary)
	})
	var out bytes.Buffer
	c := newClient(t, transport.Options{Trace: &out})
	body := fmt.Sprintf(`{"Username":"alice","LoginType":2,"Password":%q,"Comment":"c4nary","AccountStore":{"TargetName":"web01","CustomTypeName":"c4nary"},"SystemName":["c4nary"]}`, canary)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.Replace(s.URL, "//", "//user:c4nary@", 1)+"/Auth.svc/DoLogin2?token=c4nary", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("AuthenticationToken", canary)
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // a second time: no second line
	if got, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(got), "c4nary") {
		t.Errorf("the answer itself is %s, %v", got, err)
	}
	_ = resp.Body.Close()
	text := out.String()
	for _, want := range []string{
		"> #1 POST " + s.URL + `/Auth.svc/DoLogin2?[redacted] content-type="application/json"`,
		`{AccountStore={TargetName="web01" 1 [redacted]} LoginType=2 SystemName=[redacted] Username="alice" 2 [redacted]}`,
		"< #1 200 after ", `date="Tue, 14 Nov 2023 22:13:20 GMT"`, `{OperationSucceeded=true 2 [redacted]}`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace lacks %q:\n%s", want, text)
		}
	}
	if strings.Count(text, "\n") != 2 {
		t.Errorf("the trace has another number of lines than 2:\n%s", text)
	}
	noCanary(t, text)
}

func noCanary(t *testing.T, text string) {
	t.Helper()
	for _, form := range []string{"c4nary", url.QueryEscape(canary), base64.StdEncoding.EncodeToString([]byte(canary))} {
		if strings.Contains(text, form) {
			t.Errorf("the trace holds the secret:\n%s", text)
		}
	}
}

func TestBodiesThatAreNoObjectsAreShownAsSizes(t *testing.T) {
	t.Parallel()
	long := `{"SystemName":"` + strings.Repeat("c4nary", 20000) + `"}`
	for body, want := range map[string]string{
		`"c4nary"`: "8 bytes [redacted]", `["c4nary"]`: "10 bytes [redacted]", `{"broken": c4nary`: "[redacted]",
		"": "no body", long: fmt.Sprintf("%d bytes [redacted]", len(long)),
		`{"SystemName":"a` + "\u001b[31m\u202e" + `b\u001b[0m"}`: "[redacted]",
	} {
		s := plainServer(t, func(w http.ResponseWriter, r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			_, _ = w.Write(text)
		})
		var out bytes.Buffer
		mustPost(t.Context(), t, newClient(t, transport.Options{Trace: &out}), s.URL, body)
		if strings.Count(out.String(), want) != 2 {
			t.Errorf("the trace is %s; want %q in both lines", out.String(), want)
		}
		noCanary(t, out.String())
	}
}

func TestTheTraceIsSafeForATerminal(t *testing.T) {
	t.Parallel()
	s := plainServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", "x\u202ey\u009b"+strings.Repeat("z", 200))
		_, _ = io.WriteString(w, `{"SystemName":"a\u001b[31mb"}`)
	})
	var out bytes.Buffer
	mustPost(t.Context(), t, newClient(t, transport.Options{Trace: &out}), s.URL, "{}")
	if strings.ContainsAny(out.String(), "\x1b\u202e\u009b") || strings.Contains(out.String(), strings.Repeat("z", 100)) {
		t.Errorf("the trace is %q", out.String())
	}
}

func TestTheTraceTellsOfMissingAnswers(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	_, err := post(t.Context(), newClient(t, transport.Options{Trace: &out}), "http://127.0.0.1:1/", "{}")
	if err == nil || !strings.Contains(out.String(), "< #1 no answer after ") {
		t.Errorf("%v, and the trace is %s", err, out.String())
	}
}
