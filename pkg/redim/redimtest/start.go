package redimtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// ServicePath is where the service stands on a started server, as the setting
// endpoint_url has it. Any other application name works as well.
const ServicePath = "/ERPMWebService/AuthService.svc"

// Running is a server that listens. Close ends it.
type Running struct {
	*Server
	estate  *Estate
	apiUser string
	spn     string
	dialect string // the only one; empty: any
	url     string
	ca      *authority // nil with plain http
	trust   []byte     // what a client is told to trust
	http    *http.Server
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// Start makes a server and lets it listen, on a loopback address only. The
// certificate authority and the certificate are made anew and stay in memory.
func Start(opts Options) (*Running, error) {
	listen, err := loopback(opts.Listen)
	if err != nil {
		return nil, err
	}
	if err := opts.TLS.check(); err != nil {
		return nil, err
	}
	if opts.Dialect != "" && !slices.Contains(dialectNames(), opts.Dialect) {
		return nil, pam.Failf(pam.ErrUsage, "there is no dialect %q", opts.Dialect).WithHint("use one of %s", strings.Join(dialectNames(), ", "))
	}
	if opts.Estate == nil {
		opts.Estate = SampleEstate()
	}
	server, err := New(opts)
	if err != nil {
		return nil, err
	}
	r := &Running{Server: server, estate: opts.Estate, apiUser: opts.apiUser(opts.Estate), spn: opts.SPN, dialect: opts.Dialect}
	var config *tls.Config
	if !opts.PlainHTTP {
		if config, err = r.secure(opts); err != nil {
			return nil, pam.Failf(pam.ErrOther, "make the certificate of the stand-in server: %w", err)
		}
	}
	var plain net.ListenConfig
	l, err := plain.Listen(context.Background(), "tcp", listen)
	if err != nil {
		return nil, pam.Failf(pam.ErrOther, "listen on %s: %w", listen, err).WithHint("choose a free port, or port 0 for any")
	}
	r.serve(l, config)
	return r, nil
}

// loopback refuses an address that other machines could reach.
func loopback(listen string) (string, error) {
	if listen == "" {
		return "127.0.0.1:0", nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", pam.Failf(pam.ErrUsage, "%q is not an address and a port", listen).WithHint("give one such as 127.0.0.1:8443")
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if addr, err := netip.ParseAddr(host); err != nil || !addr.Unmap().IsLoopback() {
		return "", pam.Failf(pam.ErrUsage, "the stand-in server does not listen on %q: it is not a loopback address", listen).
			WithHint("it holds no real secrets and checks no callers, so it stays on this machine; give 127.0.0.1:PORT")
	}
	return net.JoinHostPort(host, port), nil
}

// secure makes the authority and the server's TLS configuration.
func (r *Running) secure(opts Options) (*tls.Config, error) {
	now := time.Now() //nolint:forbidigo // the peer checks the certificate by the machine's clock
	ca, err := newAuthority(now)
	if err != nil {
		return nil, err
	}
	leaf, err := ca.serverCert(opts.TLS, now)
	if err != nil {
		return nil, err
	}
	r.ca, r.trust = ca, ca.pem()
	if opts.TLS == TLSOtherCA {
		other, err := newAuthority(now)
		if err != nil {
			return nil, err
		}
		r.trust = other.pem()
	}
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{leaf},
		ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool,
	}, nil
}

func (r *Running) serve(l net.Listener, config *tls.Config) {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.http = &http.Server{
		Handler: r.Server, TLSConfig: config, ReadHeaderTimeout: 30 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	r.url = "http://" + l.Addr().String()
	serve := r.http.Serve
	if config != nil {
		r.url = "https://" + l.Addr().String()
		serve = func(l net.Listener) error { return r.http.ServeTLS(l, "", "") }
	}
	r.done.Go(func() { _ = serve(l) }) // always http.ErrServerClosed
}

// Close ends the server and every request at hand. It may be called twice.
func (r *Running) Close() error {
	r.cancel()
	err := r.http.Close()
	r.done.Wait()
	return err
}

// URL is the server's address, such as https://127.0.0.1:8443.
func (r *Running) URL() string { return r.url }

// EndpointURL is what the setting endpoint_url needs.
func (r *Running) EndpointURL() string { return r.url + ServicePath }

// CAPEM is the certificate authority that a client has to trust; nil with
// plain http.
func (r *Running) CAPEM() []byte { return r.trust }

// APIUser is the name of the delegation identity.
func (r *Running) APIUser() string { return r.apiUser }

// APIPassword is its password.
func (r *Running) APIPassword() secret.Value { return r.IdentityPassword(parseIdentity(r.apiUser)) }

// ClientCert makes a client certificate with which an identity that has
// certificate set may sign in (log-in type 4). Both are PEM.
func (r *Running) ClientCert(identity string) (cert []byte, key secret.Value, err error) {
	if r.ca == nil {
		return nil, key, pam.Failf(pam.ErrUsage, "a server with plain http has no client certificates")
	}
	return r.ca.clientCert(identity, time.Now()) //nolint:forbidigo // as for the server's certificate
}

// HTTPClient returns a client that trusts the server.
func (r *Running) HTTPClient() *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(r.trust)
	return &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}, ForceAttemptHTTP2: true},
	}
}
