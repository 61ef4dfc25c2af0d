package transport

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// inFlight bounds how many requests are under way. One counts until its
// answer's body is closed.
type inFlight struct {
	next  http.RoundTripper
	slots chan struct{}
}

func (l *inFlight) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case l.slots <- struct{}{}:
	case <-req.Context().Done():
		closeBody(req)
		return nil, req.Context().Err()
	}
	resp, err := l.next.RoundTrip(req)
	if err != nil {
		<-l.slots
		return nil, err
	}
	resp.Body = onClose(resp.Body, func() { <-l.slots })
	return resp, nil
}

// deadline bounds the time of one request until its answer's body is closed.
type deadline struct {
	next  http.RoundTripper
	limit time.Duration
}

func (d *deadline) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), d.limit)
	resp, err := d.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = onClose(resp.Body, cancel)
	return resp, nil
}

// closer runs a function when the body it wraps is closed, once.
type closer struct {
	io.ReadCloser
	once sync.Once
	then func()
}

func onClose(body io.ReadCloser, then func()) io.ReadCloser {
	return &closer{ReadCloser: body, then: then}
}

func (c *closer) Close() error {
	err := c.ReadCloser.Close()
	c.once.Do(c.then)
	return err
}
