package transport_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/transport"
)

func newClient(t testing.TB, o transport.Options) *http.Client {
	t.Helper()
	c, err := transport.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// plainServer is a server without TLS.
func plainServer(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// tlsServer is a server with a certificate, and the file that makes it trusted.
func tlsServer(t testing.TB, config *tls.Config, h http.HandlerFunc) (s *httptest.Server, caFile string) {
	t.Helper()
	s = httptest.NewUnstartedServer(h)
	s.TLS = config
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, writePEM(t, "CERTIFICATE", s.Certificate().Raw)
}

func writePEM(t testing.TB, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), strings.ReplaceAll(kind, " ", "-")+".pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificate makes a certificate that signs itself.
func certificate(t testing.TB, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func request(ctx context.Context, url, body string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}

// answer is what a server said.
type answer struct {
	status int
	proto  string
	text   string
}

// post sends a body and reads the whole answer.
func post(ctx context.Context, c *http.Client, url, body string) (answer, error) {
	resp, err := c.Do(request(ctx, url, body))
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Proto, string(text)}, err
}

// mustPost expects an answer.
func mustPost(ctx context.Context, t testing.TB, c *http.Client, url, body string) answer {
	t.Helper()
	a, err := post(ctx, c, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wantFailure checks class, words and hint.
func wantFailure(t testing.TB, err error, class pam.Class, words, hint string) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok {
		t.Errorf("the failure is %#v", err)
		return
	}
	if f.Class != class || !strings.Contains(f.Message, words) || !strings.Contains(f.Hint, hint) || f.Hint == "" && class != pam.ErrInterrupted {
		t.Errorf("the failure is %s: %q, hint %q; want %s with %q and %q", f.Class, f.Message, f.Hint, class, words, hint)
	}
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `"ok"`) }
