package transport

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// Options say how to reach the service. The zero value is usable.
type Options struct {
	TLS            TLS
	Timeout        time.Duration // for one request, its answer's body included; 0 is 30 s
	MaxInFlight    int           // requests at one time; 0 is 8
	AllowCleartext bool          // the risk of http to a host that is not loopback was accepted
	Trace          io.Writer     // one line per request and one per answer; nil is none
	Now            func() time.Time
	Proxy          func(*http.Request) (*url.URL, error) // nil is HTTPS_PROXY, HTTP_PROXY and NO_PROXY

	// Prove puts itself around every single attempt of a request, to prove to
	// the service who calls. Its own failures are *pam.Failure; those that come
	// before the request was sent, or in answer to a 401, count as never sent.
	// Nil is nobody.
	Prove func(next http.RoundTripper) http.RoundTripper
}

const (
	defaultTimeout     = 30 * time.Second
	defaultMaxInFlight = 8
	dialTimeout        = 10 * time.Second
	idleTimeout        = 30 * time.Second // below what servers close at, so that a check-out seldom meets a dying connection
	maxHeaderBytes     = 256 << 10
)

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = defaultMaxInFlight
	}
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// New builds a client. It reads the certificate files that Options name, and
// fails with ErrTLS or ErrUsage when one is unusable. It connects to nothing.
func New(o Options) (*http.Client, error) {
	o = o.withDefaults()
	base, err := o.base()
	if err != nil {
		return nil, err
	}
	var rt http.RoundTripper = base
	if o.Trace != nil {
		rt = &tracer{next: rt, out: o.Trace, now: o.Now}
	}
	rt = &deadline{next: rt, limit: o.Timeout}
	rt = &inFlight{next: rt, slots: make(chan struct{}, o.MaxInFlight)}
	rt = &classifier{next: rt, timeout: o.Timeout}
	if o.Prove != nil {
		rt = proving(o.Prove, rt)
	}
	rt = &retrier{next: rt, now: o.Now}
	rt = &guard{next: rt, allowed: o.AllowCleartext}
	return &http.Client{Transport: rt, CheckRedirect: checkRedirect}, nil
}

// base is the pool of connections. It speaks HTTP/1.1 only, and asks for no
// compression, so that the bound on an answer is a bound on what is read.
func (o Options) base() (*http.Transport, error) {
	tlsConfig, err := o.TLS.config(o.Now)
	if err != nil {
		return nil, err
	}
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  o.Proxy,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    dialTimeout,
		Protocols:              &http1,
		DisableCompression:     true,
		MaxIdleConns:           o.MaxInFlight,
		MaxIdleConnsPerHost:    o.MaxInFlight,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}, nil
}

// guard refuses cleartext to any host that is not this machine.
type guard struct {
	next    http.RoundTripper
	allowed bool
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme == "https" || g.allowed || isLoopback(req.URL.Hostname()) {
		return g.next.RoundTrip(req)
	}
	closeBody(req)
	return nil, unsent(pam.Failf(pam.ErrUsage, "%s would be spoken to in clear text", req.URL.Host).
		WithHint("use https in endpoint_url; where that is impossible, accept the risk by name: --accept-risk=cleartext"))
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
