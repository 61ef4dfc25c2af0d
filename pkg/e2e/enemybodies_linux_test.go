package e2e

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// flood is a body of so many bytes.
type flood struct {
	left int64
	sent atomic.Int64
}

func (f *flood) Read(b []byte) (int, error) {
	n := int(min(int64(len(b)), f.left-f.sent.Load()))
	if n == 0 {
		return 0, io.EOF
	}
	for i := range b[:n] {
		b[i] = ' '
	}
	f.sent.Add(int64(n))
	return n, nil
}

const hundredMB = 100 << 20

// TestBodiesOf100MBAreRefusedUnread sends them with a length, in chunks, packed and
// over both versions of HTTP, with a good token, with none, and as a log-in.
func TestBodiesOf100MBAreRefusedUnread(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	before := s.metric("process_resident_memory_bytes")
	for _, version := range []string{"h2", "http/1.1"} {
		p := s.from(enemyHome).signIn(s.credential)
		if version == "http/1.1" {
			speakOld(p)
		}
		for name, header := range map[string][]string{
			"plain": {"Content-Type", "application/json"}, "packed": {"Content-Type", "application/json", "Content-Encoding", "gzip"}, "text": {"Content-Type", "text/plain"}, "expected": {"Content-Type", "application/json", "Expect", "100-continue"},
		} {
			for _, known := range []bool{true, false} {
				what := fmt.Sprint(version, ", ", name, ", length known: ", known)
				p.isTooMuch(what, "/v1/checkouts", known, header)
				p.isTooMuch(what, "/v1/login", known, append([]string{"Authorization", ""}, header...))
				(&person{siege: s, client: p.client}).isTooMuch(what, "/v1/checkouts", known, header)
			}
		}
	}
	s.isSmall(before, 64)
	s.untouched()
}

// speakOld makes a person speak HTTP/1.1.
func speakOld(p *person) {
	if transport, ok := p.client.Transport.(*http.Transport); ok {
		old := transport.Clone()
		old.ForceAttemptHTTP2, old.TLSNextProto = false, map[string]func(string, *tls.Conn) http.RoundTripper{}
		old.TLSClientConfig.NextProtos = []string{"http/1.1"}
		p.Cleanup(old.CloseIdleConnections)
		p.client = &http.Client{Transport: old, Timeout: p.client.Timeout}
	}
}

// isTooMuch sends 100 MB. The server may answer and hang up before they are sent.
func (p *person) isTooMuch(what, path string, known bool, headers []string) {
	p.Helper()
	body := &flood{left: hundredMB}
	req, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.server.url+path, body)
	soundly(p.T, err)
	if req.ContentLength = -1; known {
		req.ContentLength = hundredMB
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for n := 0; n < len(headers); n += 2 {
		req.Header.Set(headers[n], headers[n+1])
	}
	if req.Header.Get("Authorization") == "" {
		req.Header.Del("Authorization")
	}
	res, err := p.client.Do(req)
	if sent := body.sent.Load(); sent > hundredMB/2 {
		p.Errorf("%s %s: %d bytes were taken", path, what, sent)
	}
	if err != nil {
		return // it hung up while we talked
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	r := reply{res.StatusCode, res.Header, text}
	if !slices.Contains([]string{"too_large", "unsupported_media_type", "unauthenticated"}, r.code()) {
		p.Errorf("%s %s: %d %s", path, what, r.status, r.body)
	}
}

// TestOddBodiesAreProblemsOnTheWire sends bodies that say two things, or nothing.
func TestOddBodiesAreProblemsOnTheWire(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	p := s.from(enemyHome).signIn(s.credential)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := io.Copy(z, &flood{left: hundredMB})
	soundly(t, errors.Join(err, z.Close()))
	const json = "application/json"
	for name, c := range map[string]struct {
		body, kind string
		status     int
		code       string
	}{
		"deep lists":             {`{"system":` + strings.Repeat("[", 30000) + strings.Repeat("]", 30000) + `,"account":"root"}`, json, 400, "malformed_request"},
		"deep objects":           {strings.Repeat(`{"system":`, 5000) + `"web01"` + strings.Repeat("}", 5000), json, 400, "malformed_request"},
		"deep in a good body":    {`{"system":"web01","account":"root","comment":` + strings.Repeat(`{"a":[`, 9000), json, 400, "malformed_request"},
		"a member twice":         {`{"system":"web01","account":"root","account":"root"}`, json, 400, "malformed_request"},
		"a member twice, hidden": {`{"system":"web02","account":"root","syst\u0065m":"web01"}`, json, 400, "malformed_request"},
		"a member in capitals":   {`{"system":"web01","account":"root","HOURS":1}`, json, 400, "malformed_request"},
		"two documents":          {rootAsk + rootAsk, json, 400, "malformed_request"},
		"a byte order mark":      {"\ufeff" + rootAsk, json, 400, "malformed_request"},
		"UTF-16":                 {"{\x00\"\x00", json, 400, "malformed_request"},
		"a comment":              {`{"system":"web01","account":"root"/*x*/}`, json, 400, "malformed_request"},
		"not a number":           {`{"system":"web01","account":"root","hours":NaN}`, json, 400, "malformed_request"},
		"a huge number":          {`{"system":"web01","account":"root","hours":1e999999999}`, json, 400, "invalid_request"},
		"a long number":          {`{"system":"web01","account":"root","hours":0.` + strings.Repeat("1", 60000) + `}`, json, 400, "invalid_request"},
		"many members":           {`{` + strings.Repeat(`"a":1,`, 9000) + `"b":1}`, json, 400, "malformed_request"},
		"no type":                {rootAsk, "", 415, "unsupported_media_type"},
		"text":                   {rootAsk, "text/plain", 415, "unsupported_media_type"},
		"a form":                 {"system=web01&account=root", "application/x-www-form-urlencoded", 415, "unsupported_media_type"},
		"a multipart form":       {rootAsk, "multipart/form-data; boundary=x", 415, "unsupported_media_type"},
		"XML":                    {`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>`, "application/xml", 415, "unsupported_media_type"},
		"another JSON":           {rootAsk, "application/json-patch+json", 415, "unsupported_media_type"},
		"another character set":  {rootAsk, "application/json; charset=utf-7", 415, "unsupported_media_type"},
	} {
		p.isRefused(name, p.call(http.MethodPost, "/v1/checkouts", strings.NewReader(c.body), slices.Concat(typed(c.kind), []string{"Idempotency-Key", "k"})...), c.status, c.code)
		if name != "no type" {
			r := (&person{siege: s, client: p.client}).call(http.MethodPost, "/v1/login", strings.NewReader(c.body), typed(c.kind)...)
			if r.status != 400 && r.status != 415 || r.code() == "" {
				t.Errorf("%s: log-in: %d %s", name, r.status, r.body)
			}
		}
	}
	p.isRefused("packed", p.call(http.MethodPost, "/v1/checkouts", &packed, "Content-Type", json, "Content-Encoding", "gzip"), 413, "too_large")
	p.isRefused("a short one, packed", p.call(http.MethodPost, "/v1/checkouts", strings.NewReader(rootAsk), "Content-Type", json, "Content-Encoding", "deflate"), 415, "unsupported_media_type")
	p.isRefused("two types", p.call(http.MethodPost, "/v1/checkouts", strings.NewReader(rootAsk), "Content-Type", json, "Content-Type", "text/plain"), 415, "unsupported_media_type")
	p.isRefused("a body for a GET", p.call(http.MethodPost, "/v1/checkouts/x/checkin", strings.NewReader(rootAsk), "Content-Type", json), 400, "malformed_request")
	s.untouched()
}

func typed(kind string) []string {
	if kind == "" {
		return nil
	}
	return []string{"Content-Type", kind}
}

// TestHugeHeadersAreRefusedOnTheWire sends more than fits, in one header and in many.
func TestHugeHeadersAreRefusedOnTheWire(t *testing.T) {
	t.Parallel()
	s := besiege(t)
	for _, version := range []string{"h2", "http/1.1"} {
		p := s.from(enemyHome).signIn(s.credential)
		if version == "http/1.1" {
			speakOld(p)
		}
		var many []string
		for n := range 250 {
			many = append(many, fmt.Sprint("X-Header-", n), strings.Repeat("x", 60))
		}
		for name, headers := range map[string][]string{"one": {"X-Large", strings.Repeat("x", 20<<10)}, "many": many, "a token": {"Authorization", "Bearer " + strings.Repeat("A", 20<<10)}} {
			p.isRefused(version+" "+name, p.post("/v1/checkouts", theRoot(), headers...), http.StatusRequestHeaderFieldsTooLarge, "headers_too_large")
		}
		for _, size := range []int{40 << 10, 1 << 20, 32 << 20} {
			r, err := p.try(http.MethodPost, "/v1/checkouts", strings.NewReader(rootAsk), "Content-Type", "application/json", "X-Huge", strings.Repeat("x", size))
			if err == nil && r.status != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("%s, %d bytes: %d %s", version, size, r.status, r.body)
			}
		}
	}
	s.untouched()
}
