package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// Service is what is served.
type Service interface {
	http.Handler
	// Care answers about health and metrics alone.
	Care() http.Handler
	// Stop makes new calls end at once, and those that only wait.
	Stop()
	// InFlight is how many calls run that have to end before the server does.
	InFlight() int64
}

// Options say how a service is served.
type Options struct {
	Service Service
	Listen  string // host:port
	Metrics string // host:port of a listener for Care; empty: none
	Near    bool   // refuse sockets that other machines can reach
	// Certificate is asked at every handshake.
	Certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	MinVersion  uint16 // of TLS
	// Wrap goes around the listener below TLS; nil: nothing.
	Wrap func(net.Listener) net.Listener
	// Exempt tells peers that may have any number of connections, such as proxies;
	// nil: nobody.
	Exempt func(netip.Addr) bool
	Log    *slog.Logger
	// Grace is how long running calls have to end; 0: 30 s.
	Grace time.Duration
	// Getenv finds what systemd says; nil: nothing.
	Getenv func(string) string
	// Ready is told where it listens, once it answers; nil: nobody.
	Ready func(address, metrics net.Addr)
	// Upkeep runs beside until ctx ends; nil: nothing.
	Upkeep func(ctx context.Context)
}

// The limits of a connection. An answer that waits for an approval has more time.
const (
	headerTime = 10 * time.Second
	readTime   = 30 * time.Second
	writeTime  = 40 * time.Second // whose body did not come in time is told so
	idleTime   = 2 * time.Minute
	pingTime   = 20 * time.Second // of silence, after which HTTP/2 asks whether anybody is there
	maxHeader  = 28 << 10         // net/http adds 4 KiB; the service itself takes less
	maxStreams = 100              // of one HTTP/2 connection
	maxConns   = 4096             // of the service; further ones wait
	maxCare    = 256              // of the listener for Care

	addressShare = 4 // one address may have this part of the connections
)

// Run serves until ctx ends, and then until the calls that run have ended. It
// returns nil when it was stopped so.
func Run(ctx context.Context, o Options) error {
	if o.Grace == 0 {
		o.Grace = 30 * time.Second
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	s := &running{Options: o, failed: make(chan error, 2)}
	if err := s.listen(ctx); err != nil {
		return err
	}
	upkeep, stopUpkeep := context.WithCancel(context.WithoutCancel(ctx))
	defer stopUpkeep()
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		if o.Upkeep != nil {
			o.Upkeep(upkeep)
		}
	}()
	defer func() { stopUpkeep(); await(kept, upkeepGrace) }()
	tended := make(chan struct{})
	go func() { defer close(tended); tendHeap(upkeep, o.Getenv) }()
	defer func() { stopUpkeep(); <-tended }()
	s.start()
	n := newNotifier(o.Getenv)
	n.ready()
	watch, stopWatch := context.WithCancel(ctx)
	defer stopWatch()
	go n.watch(watch)
	if o.Ready != nil {
		o.Ready(s.main.Addr(), addrOf(s.care))
	}
	select {
	case <-ctx.Done():
		n.stopping()
		return s.stop()
	case err := <-s.failed:
		return errors.Join(err, s.stop())
	}
}

func addrOf(l net.Listener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

// upkeepGrace is how long the upkeep has to write down what it did.
const upkeepGrace = 5 * time.Second

func await(ended <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
}

// running is a server while it runs.
type running struct {
	Options
	main, care net.Listener // care may be nil
	servers    []*http.Server
	failed     chan error
}

func (s *running) start() {
	main := s.newServer(s.Service)
	main.TLSConfig = s.tlsConfig()
	go s.serve(func() error { return main.ServeTLS(s.main, "", "") })
	if s.care == nil {
		return
	}
	care := s.newServer(s.Service.Care())
	care.TLSConfig = s.tlsConfig()
	go s.serve(func() error {
		if isLoopback(s.care.Addr()) {
			return care.Serve(s.care)
		}
		return care.ServeTLS(s.care, "", "")
	})
}

func (s *running) serve(serve func() error) {
	if err := serve(); !errors.Is(err, http.ErrServerClosed) {
		s.failed <- pam.Failf(pam.ErrOther, "serve: %w", err)
	}
}

func (s *running) newServer(h http.Handler) *http.Server {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	server := &http.Server{
		// What asks about the server as a whole is for the service to refuse.
		DisableGeneralOptionsHandler: true,

		Handler: steady(h), ConnContext: withConduct, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		Protocols: protocols, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxStreams, SendPingTimeout: pingTime, WriteByteTimeout: writeTime},
		ErrorLog: slog.NewLogLogger(quiet{s.Log.Handler()}, slog.LevelDebug),
	}
	s.servers = append(s.servers, server)
	return server
}

// quiet logs what net/http says of single connections: anybody can make it say
// so, and none of it is worth more than a look.
type quiet struct{ slog.Handler }

func (s *running) tlsConfig() *tls.Config {
	return &tls.Config{MinVersion: max(s.MinVersion, tls.VersionTLS12), GetCertificate: s.Certificate}
}

// look is how often a stopping server looks whether all has ended.
const look = 10 * time.Millisecond

// stop lets what runs end. The listeners stay until then, so that whoever comes
// is told, and not left without an answer.
func (s *running) stop() error {
	s.Service.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), s.Grace)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for s.Service.InFlight() > 0 && ctx.Err() == nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	var err error
	for _, server := range s.servers {
		err = errors.Join(err, server.Shutdown(ctx), server.Close())
	}
	if err != nil {
		return pam.Failf(pam.ErrOther, "calls still ran after %s: %w", s.Grace, err).WithHint("they were cut off; the record of events says what they did")
	}
	return nil
}
