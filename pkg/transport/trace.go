package transport

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// tracer writes one line for each request and one for each answer. What it
// shows is on an allow-list: the address without user and query, a few
// headers, and the members that visible names. All else appears as a size.
type tracer struct {
	next  http.RoundTripper
	now   func() time.Time
	count atomic.Int64
	mu    sync.Mutex
	out   io.Writer
}

// maxTraced is how much of a body is looked at.
const maxTraced = 64 << 10

func (t *tracer) RoundTrip(req *http.Request) (*http.Response, error) {
	n, sent := t.count.Add(1), t.now()
	t.line("> #%d %s %s%s %s", n, req.Method, traceURL(req), headers(req.Header), t.requestBody(req))
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		t.line("< #%d no answer after %s", n, t.since(sent))
		return nil, err
	}
	resp.Body = &tracedBody{ReadCloser: resp.Body, done: func(seen []byte, size int) {
		t.line("< #%d %d after %s%s %s", n, resp.StatusCode, t.since(sent), headers(resp.Header), summary(seen, size))
	}}
	return resp, nil
}

func (t *tracer) since(sent time.Time) time.Duration {
	return t.now().Sub(sent).Round(time.Millisecond)
}

func (t *tracer) line(format string, args ...any) {
	text := printable(fmt.Sprintf(format, args...)) + "\n"
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = io.WriteString(t.out, text)
}

func (t *tracer) requestBody(req *http.Request) string {
	if req.GetBody == nil || req.ContentLength == 0 {
		return "no body"
	}
	body, err := req.GetBody()
	if err != nil {
		return "body [redacted]"
	}
	defer func() { _ = body.Close() }()
	seen := make([]byte, min(req.ContentLength, maxTraced))
	defer clear(seen)
	n, _ := io.ReadFull(body, seen)
	return summary(seen[:n], int(req.ContentLength))
}

func traceURL(req *http.Request) string {
	text := req.URL.Scheme + "://" + req.URL.Host + req.URL.EscapedPath()
	if req.URL.RawQuery != "" {
		text += "?[redacted]"
	}
	return text
}

// headers shows the few that help and can hold no secret.
func headers(h http.Header) string {
	var b strings.Builder
	for _, name := range []string{"Content-Type", "Date", "Retry-After", "Server"} {
		if v := h.Get(name); v != "" {
			fmt.Fprintf(&b, " %s=%q", strings.ToLower(name), clip(v))
		}
	}
	return b.String()
}

// tracedBody keeps the beginning of a body until it is closed.
type tracedBody struct {
	io.ReadCloser
	seen []byte
	size int
	once sync.Once
	done func(seen []byte, size int)
}

func (b *tracedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.seen == nil {
		b.seen = make([]byte, 0, maxTraced)
	}
	b.seen = append(b.seen, p[:min(n, cap(b.seen)-len(b.seen))]...)
	b.size += n
	return n, err
}

func (b *tracedBody) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(func() {
		b.done(b.seen, b.size)
		clear(b.seen)
	})
	return err
}
