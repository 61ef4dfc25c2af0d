package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

var errTimeout = errors.New("deadline")

// unsent marks a failure as one of a request that the service never got.
func unsent(f *pam.Failure) *pam.Failure {
	f.Err = errors.Join(f.Err, pam.ErrNotSent)
	return f
}

// NotSent reports whether the request that failed with err certainly never
// reached the service, so that nothing can have happened there.
func NotSent(err error) bool { return errors.Is(err, pam.ErrNotSent) }

// classifier turns every error of the chain below into a *pam.Failure.
type classifier struct {
	next    http.RoundTripper
	timeout time.Duration
}

func (c *classifier) RoundTrip(req *http.Request) (*http.Response, error) {
	var connected atomic.Bool
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	resp, err := c.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		f := c.classify(req, err)
		if !connected.Load() {
			f = unsent(f)
		}
		return nil, f
	}
	resp.Body = &classifiedBody{ReadCloser: resp.Body, c: c, req: req}
	return resp, nil
}

type classifiedBody struct {
	io.ReadCloser
	c   *classifier
	req *http.Request
}

func (b *classifiedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.c.classify(b.req, err)
	}
	return n, err
}

func (c *classifier) classify(req *http.Request, err error) *pam.Failure {
	host := req.URL.Host
	if errors.Is(req.Context().Err(), context.Canceled) {
		return pam.Failf(pam.ErrInterrupted, "interrupted while waiting for %s", host)
	}
	if f := classifyTLS(host, err); f != nil {
		return f
	}
	if f := c.classifyTimeout(host, err); f != nil {
		return f
	}
	return classifyNet(host, err)
}

func (c *classifier) classifyTimeout(host string, err error) *pam.Failure {
	t, ok := errors.AsType[net.Error](err)
	if !errors.Is(err, context.DeadlineExceeded) && (!ok || !t.Timeout()) {
		return nil
	}
	f := pam.Failf(pam.ErrUnreachable, "no answer from %s within %s", host, c.timeout).
		WithHint("check that the service is up and that no firewall swallows the connection; a slow one needs a longer timeout")
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		f.Message = "no connection to " + host + " within " + min(c.timeout, dialTimeout).String()
	}
	f.Err = errors.Join(err, errTimeout)
	return f
}

func classifyNet(host string, err error) *pam.Failure {
	op, isOp := errors.AsType[*net.OpError](err)
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case isOp && op.Op == "proxyconnect":
		return pam.Failf(pam.ErrUnreachable, "the proxy on the way to %s can't be reached: %w", host, rootCause(op.Err)).
			WithHint("check HTTPS_PROXY; put the service's host into NO_PROXY to go there directly")
	case isDNS:
		return pam.Failf(pam.ErrUnreachable, "no address for %s: %w", dns.Name, rootCause(err)).
			WithHint("check the host in endpoint_url and this machine's name resolution")
	case errors.Is(err, syscall.ECONNREFUSED):
		return pam.Failf(pam.ErrUnreachable, "connection to %s refused", host).
			WithHint("check the host and port in endpoint_url, and that the service is up")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return pam.Failf(pam.ErrProtocol, "the answer of %s was cut short", host).
			WithHint("the service, or a proxy in between, broke off; try again")
	case isReset(err):
		return pam.Failf(pam.ErrUnreachable, "%s closed the connection without an answer", host).
			WithHint("the service, or a proxy in between, broke off; try again")
	}
	return pam.Failf(pam.ErrUnreachable, "%s can't be reached: %w", host, rootCause(err)).
		WithHint("check endpoint_url, the network and HTTPS_PROXY")
}

func isReset(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// rootCause is the innermost error, whose text repeats no address.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
