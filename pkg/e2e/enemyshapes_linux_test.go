package e2e

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/api"
)

// head is a request line and what every request of a siege has.
func (p *person) head(method, target string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: " + p.host() + "\r\nAuthorization: Bearer " + p.token + "\r\nContent-Type: application/json\r\n"
}

// rootAsk is a body that releases web01/root, if it is taken.
const rootAsk = `{"system":"web01","account":"root"}`

// TestARequestThatHidesInAnotherIsNotRun sends what two readers of HTTP could take
// apart in two ways, with a check-out that only one of the ways would see. The
// token in it is good: nothing but the reading stands between it and a secret.
func TestARequestThatHidesInAnotherIsNotRun(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.from(enemyHome).signIn(s.credential)
	hidden := p.head("POST", "/v1/checkouts") + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(rootAsk), rootAsk)
	list := p.head("GET", "/v1/checkouts")
	long := fmt.Sprintf("Content-Length: %d\r\n", len(hidden))
	for name, text := range map[string]string{
		"a length and chunks":             list + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"chunks and a length":             list + "Transfer-Encoding: chunked\r\n" + long + "\r\n0\r\n\r\n" + hidden,
		"two lengths":                     list + "Content-Length: 0\r\n" + long + "\r\n" + hidden,
		"two lengths in one":              list + fmt.Sprintf("Content-Length: 0, %d\r\n\r\n", len(hidden)) + hidden,
		"a signed length":                 list + fmt.Sprintf("Content-Length: +%d\r\n\r\n", len(hidden)) + hidden,
		"a length in hexadecimal":         list + fmt.Sprintf("Content-Length: 0x%x\r\n\r\n", len(hidden)) + hidden,
		"a length below zero":             list + "Content-Length: -1\r\n\r\n" + hidden,
		"another coding":                  list + long + "Transfer-Encoding: xchunked\r\n\r\n" + hidden,
		"chunked twice":                   list + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + hidden,
		"chunked in disguise":             list + long + "Transfer-Encoding: \x0bchunked\r\n\r\n" + hidden,
		"a blank before the colon":        list + long + "Transfer-Encoding : chunked\r\n\r\n" + hidden,
		"a folded coding":                 list + "Transfer-Encoding:\r\n chunked\r\n" + long + "\r\n0\r\n\r\n" + hidden,
		"a bare return":                   list + "X: a\rTransfer-Encoding: chunked\r\n" + long + "\r\n" + hidden,
		"a NUL":                           list + "X: a\x00b\r\n" + long + "\r\n" + hidden,
		"a chunk that ends early":         list + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n" + hidden,
		"a chunk size with bare newlines": list + "Transfer-Encoding: chunked\r\n\r\n0\n\n" + hidden,
		"a chunk with an odd extension":   list + "Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n" + hidden,
		"a chunk size with a sign":        list + "Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" + hidden,
		"a huge chunk size":               list + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF0\r\n\r\n" + hidden,
		"a body that is a request":        list + long + "\r\n" + hidden,
		"an upgrade":                      list + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n" + long + "\r\n" + hidden,
		"an expectation":                  list + "Expect: 100-continue\r\n" + long + "\r\n" + hidden,
		"an old version":                  strings.Replace(list, "HTTP/1.1", "HTTP/1.0", 1) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"no version":                      "GET /v1/checkouts\r\n\r\n" + hidden,
		"the preface of HTTP/2":           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + hidden,
	} {
		answers := p.raw(text + last)
		if n := s.released(); n != 0 {
			t.Fatalf("%s: %d secrets were released", name, n)
		}
		for n, r := range answers {
			if n > 0 && r.header.Get("Content-Length") != fmt.Sprint(len(api.Document)) || r.status == http.StatusCreated || r.status >= 500 && r.status != http.StatusNotImplemented {
				t.Errorf("%s: answer %d: %d %s", name, n, r.status, r.body)
			}
		}
	}
	s.untouched()
}

// TestOddTargetsAndMethodsAreNoCallsOnTheWire sends paths and methods as nobody
// should, and as no client of ours would.
func TestOddTargetsAndMethodsAreNoCallsOnTheWire(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.from(enemyHome).signIn(s.credential)
	end := fmt.Sprintf("Connection: close\r\nContent-Length: %d\r\n\r\n%s", len(rootAsk), rootAsk)
	for _, target := range []string{
		"/v1/%63heckouts", "/v1/%2e%2e/v1/checkouts", "/v1/%2E%2E/%76%31/checkouts", "//v1/checkouts", "/v1//checkouts", "/v1/checkouts/", "/v1/checkouts%2f", "/v1/checkouts%00", "/v1/checkouts%20", "/v1/x/../checkouts",
		"/v1/./checkouts", "/v1/checkouts;x=1", "/v1\\checkouts", "/V1/CHECKOUTS", "/v1/checkouts/..%2fcheckouts", "/%5cv1/checkouts", "/v1/checkouts%c0%af", "/v1/checkouts\xe2\x80\xae", "*", "https://evil.example.com//v1/checkouts",
		"/" + strings.Repeat("a/", 4000),
	} {
		if got := p.only(p.head("POST", target) + end); got.status != http.StatusNotFound || got.code() != "no_such_call" || len(got.header["Location"]) > 0 {
			t.Errorf("%.80q: %d %s %v", target, got.status, got.body, got.header)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "PROPFIND", "post", "GETPOST", "X-" + strings.Repeat("M", 3000), "M-SEARCH"} {
		got := p.only(p.head(method, "/v1/checkouts") + end)
		if got.status != http.StatusMethodNotAllowed || method != "HEAD" && got.code() != "method_not_allowed" || !slices.Equal(got.header["Allow"], []string{"GET, POST"}) {
			t.Errorf("%.40s: %d %s %v", method, got.status, got.body, got.header)
		}
	}
	for _, line := range []string{"CONNECT web01:443", "OPTIONS *", "TRACE *", "GET *"} {
		method, target, _ := strings.Cut(line, " ")
		if got := p.only(p.head(method, target) + end); got.status != http.StatusNotFound || got.code() != "no_such_call" {
			t.Errorf("%s: %d %s %v", line, got.status, got.body, got.header)
		}
	}
	for name, text := range map[string]string{
		"no host": "POST /v1/checkouts HTTP/1.1\r\nAuthorization: Bearer " + p.token + "\r\n" + end, "two hosts": p.head("POST", "/v1/checkouts") + "Host: b\r\n" + end, "a host that is none": strings.Replace(p.head("POST", "/v1/checkouts"), p.host(), "a b", 1) + end,
		"a blank in the target": p.head("POST", "/v1/check outs") + end, "a method that is none": p.head("PO(ST", "/v1/checkouts") + end, "an unending target": p.head("POST", "/"+strings.Repeat("a", 60<<10)) + end,
	} {
		if got := p.only(text); got.status < 400 || got.status >= 500 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	s.untouched()
}

// only is the answer to a text, of which there has to be one.
func (p *person) only(text string) reply {
	p.Helper()
	all := p.raw(text)
	if len(all) != 1 {
		p.Fatalf("%d answers to %.100q", len(all), text)
	}
	return all[0]
}

// TestWhatCallersSendIsNotEchoedIntoHeadersNorTheLog sends line ends, and what acts
// on a terminal, wherever a caller's text could come out again.
func TestWhatCallersSendIsNotEchoedIntoHeadersNorTheLog(t *testing.T) {
	t.Parallel()
	s := besiege(t, "trusted_proxies=127.0.0.9", "proxy_header=x-forwarded-for")
	p := s.from(enemyHome).signIn(s.credential)
	const bad = "x\r\nSet-Cookie: planted=1\r\n\r\n{\"planted\": true}\n\x1b[31m\u009b31m\u202e\u2028"
	escaped := strings.NewReplacer("\r", "%0d", "\n", "%0a", " ", "%20", "\x1b", "%1b", "\"", "%22").Replace(bad)
	for _, name := range []string{"system", "account", "reason", "comment", "ticket", bad} {
		p.isPlain(p.post("/v1/checkouts", theRoot(name, bad)))
	}
	p.isPlain((&person{siege: s, client: p.client}).post("/v1/login", map[string]string{"name": bad, "credential": bad}))
	for _, path := range []string{"/v1/checkouts/" + escaped, "/v1/requests/" + escaped + "?wait=" + escaped, "/v1/credentials?system=" + escaped, "/v1/credentials?cursor=" + escaped, "/v1/credentials?" + escaped + "=1", "/" + escaped} {
		p.isPlain(p.call(http.MethodGet, path, nil))
	}
	soft := strings.NewReplacer("\r", "", "\n", "", "\x1b", "").Replace(bad)
	for _, name := range []string{"Idempotency-Key", "X-Request-Id", "X-Forwarded-For", "Forwarded", "Content-Type", "User-Agent", "Origin", "Authorization", "Content-Encoding", "Accept", "X-Forwarded-Host"} {
		p.isPlain(p.post("/v1/checkouts", theRoot("hours", 500), name, soft))
		line := p.head("POST", "/v1/checkouts") + name + ": " + bad + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
		for _, r := range p.raw(line) {
			p.isPlain(r)
		}
	}
	for _, host := range []string{"evil.example.com", "evil.example.com:1\u202e"} {
		for _, r := range p.raw(strings.Replace(p.head("GET", "/v1/checkouts"), p.host(), host, 1) + "Connection: close\r\n\r\n") {
			p.isPlain(r)
		}
	}
	if n := s.released(); n != 0 {
		t.Errorf("%d secrets were released", n)
	}
	out := p.post("/v1/checkouts", theRoot(), "Host", "evil.example.com", "X-Forwarded-Host", "evil.example.com", "X-Request-Id", "mine")
	if at := out.header.Get("Location"); out.status != http.StatusCreated || at != "/v1/checkouts/"+out.text("id") {
		t.Errorf("%d, at %q", out.status, at)
	}
	p.isPlain(reply{out.status, out.header, nil})
	s.logIsPlain()
}

// isPlain wants that nothing planted is in an answer.
func (p *person) isPlain(r reply) {
	p.Helper()
	if r.status >= 500 || r.status < 300 && r.status != http.StatusOK && r.status != http.StatusCreated {
		p.Errorf("%d %s", r.status, r.body)
	}
	for _, no := range []string{"planted", "evil", "mine"} {
		if strings.Contains(fmt.Sprint(r.header), no) {
			p.Errorf("%q is in %d %v", no, r.status, r.header)
		}
	}
	for _, no := range []string{"\x1b", "\u009b", "\u202e"} {
		if strings.Contains(fmt.Sprint(r.header, string(r.body)), no) {
			p.Errorf("%q is in %d %v %s", no, r.status, r.header, r.body)
		}
	}
}

// logIsPlain wants one object on each line, and nothing that acts on a terminal.
func (s *siege) logIsPlain() {
	s.Helper()
	text, err := os.ReadFile(s.log)
	soundly(s.T, err)
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, `{"time":`) || !strings.HasSuffix(line, "}\n") {
			if !strings.HasPrefix(line, "self-made certificate") {
				s.Errorf("a line of the log is none: %q", line)
			}
		}
	}
	for _, no := range []string{"\x1b", "\u009b", "\u202e", "\u2028", `"planted"`} {
		if strings.Contains(string(text), no) {
			s.Errorf("%q is in the log", no)
		}
	}
}
