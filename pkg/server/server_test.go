package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/server"
)

// service answers "calm", and holds a call to /slow until it is let go.
type service struct {
	flight  atomic.Int64
	began   chan struct{}
	let     chan struct{}
	stopped chan struct{}
}

func newService() *service {
	return &service{began: make(chan struct{}, 1), let: make(chan struct{}), stopped: make(chan struct{})}
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.flight.Add(1)
	defer s.flight.Add(-1)
	if r.URL.Path == "/slow" {
		s.began <- struct{}{}
		<-s.let
	}
	_, _ = io.WriteString(w, "calm")
}

func (s *service) Care() http.Handler { return s }
func (s *service) Stop()              { close(s.stopped) }
func (s *service) InFlight() int64    { return s.flight.Load() }

// start runs a server; the client trusts its certificate.
func start(t *testing.T, s *service, getenv func(string) string) (url, care string, client *http.Client, stop func() error) {
	t.Helper()
	made, err := server.MakeCertificate(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	certs, err := server.NewCertificates(made.Cert, made.Key, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ready, ended := make(chan [2]string, 1), make(chan error, 1)
	go func() {
		ended <- server.Run(ctx, server.Options{
			Service: s, Listen: "127.0.0.1:0", Metrics: "127.0.0.1:0", Certificate: certs.Get, Log: slog.New(slog.DiscardHandler), Getenv: getenv,
			Ready: func(a, m net.Addr) { ready <- [2]string{"https://" + a.String(), "http://" + m.String()} },
		})
	}()
	at := <-ready
	pem, err := os.ReadFile(made.Cert)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}}
	t.Cleanup(cancel)
	return at[0], at[1], client, func() error { cancel(); return <-ended }
}

func get(t *testing.T, c *http.Client, url string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

func TestACallThatRunsEndsBeforeTheServerDoes(t *testing.T) {
	t.Parallel()
	s := newService()
	url, care, client, stop := start(t, s, nil)
	if text, err := get(t, client, care+"/healthz"); err != nil || text != "calm" {
		t.Errorf("%q, %v", text, err)
	}
	answer := make(chan string, 1)
	go func() {
		text, _ := get(t, client, url+"/slow")
		answer <- text
	}()
	<-s.began
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	<-s.stopped
	if text, err := get(t, client, url); err != nil || text != "calm" {
		t.Errorf("who comes meanwhile is not answered: %q, %v", text, err)
	}
	close(s.let)
	if text := <-answer; text != "calm" {
		t.Errorf("the call that ran was cut off: %q", text)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestSystemdIsTold(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "n") // short: the path of a socket is
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skip("no such sockets here: ", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	env := map[string]string{"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "20000"}
	_, _, _, stop := start(t, newService(), func(name string) string { return env[name] })
	heard := func() string {
		b := make([]byte, 100)
		n, err := l.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	if got := heard(); got != "READY=1" {
		t.Error(got)
	}
	if got := heard(); got != "WATCHDOG=1" {
		t.Error(got)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	for got := heard(); got != "STOPPING=1"; got = heard() {
		if got != "WATCHDOG=1" {
			t.Fatal(got)
		}
	}
}

func TestOldVersionsOfTLSAreRefused(t *testing.T) {
	t.Parallel()
	url, _, _, stop := start(t, newService(), nil)
	old := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}}
	if _, err := old.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "https://")); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestACertificateIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	now := time.Now()
	clock := func() time.Time { return now }
	dir := t.TempDir()
	first, err := server.MakeCertificate(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := server.MakeCertificate(dir, now); err != nil || again != first {
		t.Errorf("a good one was made anew: %v", err)
	}
	var log strings.Builder
	c, err := server.NewCertificates(first.Cert, first.Key, slog.New(slog.NewTextHandler(&log, nil)), clock)
	if err != nil {
		t.Fatal(err)
	}
	serial := func() string {
		now = now.Add(2 * time.Second)
		is, err := c.Get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return is.Leaf.SerialNumber.String()
	}
	was := serial()
	if err := os.WriteFile(first.Cert, []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if serial() != was {
			t.Error("a broken file took the place of a good certificate")
		}
	}
	if got := strings.Count(log.String(), "level=ERROR"); got != 1 {
		t.Errorf("a file that stays broken is told %d times", got)
	}
	if err := os.Remove(first.Cert); err != nil {
		t.Fatal(err)
	}
	if _, err := server.MakeCertificate(dir, now); err != nil {
		t.Fatal(err)
	}
	if serial() == was {
		t.Error("the new certificate is not used")
	}
	if _, err := server.NewCertificates(first.Key, first.Cert, slog.New(slog.DiscardHandler), clock); !errors.Is(err, pam.ErrUsage) {
		t.Error(err)
	}
}

func TestAnAddressThatIsTakenIsTold(t *testing.T) {
	t.Parallel()
	url, _, _, stop := start(t, newService(), nil)
	err := server.Run(t.Context(), server.Options{Service: newService(), Listen: strings.TrimPrefix(url, "https://"), Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, pam.ErrUsage) {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
