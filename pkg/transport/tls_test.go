package transport_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/transport"
)

func TestOnlyThePrivateAuthorityIsTrusted(t *testing.T) {
	t.Parallel()
	s, ca := tlsServer(t, nil, ok)
	c := newClient(t, transport.Options{TLS: transport.TLS{CAFile: ca}})
	if a := mustPost(t.Context(), t, c, s.URL, "{}"); a.text != `"ok"` || a.proto != "HTTP/1.1" {
		t.Errorf("the answer is %v", a)
	}
	other := certificate(t, nil)
	stranger := newClient(t, transport.Options{TLS: transport.TLS{CAFile: writePEM(t, "CERTIFICATE", other.Certificate[0])}})
	_, err := post(t.Context(), stranger, s.URL, "{}")
	wantFailure(t, err, pam.ErrTLS, "not trusted", "tls.ca_file")
	if !transport.NotSent(err) {
		t.Error("a request to a stranger counts as sent")
	}
}

func TestCertificatesThatDoNotFitAreExplained(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, words, hint string
		change            func(*x509.Certificate)
	}{
		{"another host", "but for pam.example.com, 192.0.2.1", "tls.server_name", func(c *x509.Certificate) {
			c.DNSNames, c.IPAddresses = []string{"pam.example.com"}, []net.IP{net.IPv4(192, 0, 2, 1)}
		}},
		{"no name", "but for no name at all", "tls.server_name", func(c *x509.Certificate) { c.IPAddresses = nil }},
		{"many names", "a, b, c, d, e, f, g, h, …", "tls.server_name", func(c *x509.Certificate) {
			c.DNSNames, c.IPAddresses = []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}, nil
		}},
		{"expired", "is valid only from", "this machine's clock", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }},
		{"not for servers", "is not valid", "another certificate", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }},
	} {
		cert := certificate(t, c.change)
		s, ca := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, ok)
		_, err := post(t.Context(), newClient(t, transport.Options{TLS: transport.TLS{CAFile: ca}}), s.URL, "{}")
		wantFailure(t, err, pam.ErrTLS, c.words, c.hint)
		if !transport.NotSent(err) {
			t.Errorf("%s: counts as sent", c.name)
		}
	}
}

func TestTheExpectedNameCanBeSet(t *testing.T) {
	t.Parallel()
	cert := certificate(t, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"pam.example.com"}, nil })
	s, ca := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, ok)
	c := newClient(t, transport.Options{TLS: transport.TLS{CAFile: ca, ServerName: "pam.example.com"}})
	if a := mustPost(t.Context(), t, c, s.URL, "{}"); a.text != `"ok"` || a.proto != "HTTP/1.1" {
		t.Errorf("the answer is %v", a)
	}
}

func TestVersionsOfTLSAreBounded(t *testing.T) {
	t.Parallel()
	s, ca := tlsServer(t, &tls.Config{MaxVersion: tls.VersionTLS12}, ok)
	c := newClient(t, transport.Options{TLS: transport.TLS{CAFile: ca, MinVersion: "1.3"}})
	_, err := post(t.Context(), c, s.URL, "{}")
	wantFailure(t, err, pam.ErrTLS, "no version of TLS", "tls.min_version")
	old, ca := tlsServer(t, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, ok)
	_, err = post(t.Context(), newClient(t, transport.Options{TLS: transport.TLS{CAFile: ca}}), old.URL, "{}")
	wantFailure(t, err, pam.ErrTLS, "no version of TLS", "tls.min_version")
	_, err = transport.New(transport.Options{TLS: transport.TLS{MinVersion: "1.1"}})
	wantFailure(t, err, pam.ErrUsage, "1.1", "use 1.2 or 1.3")
}

func TestAPortWithoutTLSIsExplained(t *testing.T) {
	t.Parallel()
	s := plainServer(t, ok)
	_, err := post(t.Context(), newClient(t, transport.Options{}), "https://"+s.Listener.Addr().String(), "{}")
	wantFailure(t, err, pam.ErrTLS, "doesn't speak TLS", "port")
}

func TestAClientCertificateIsShown(t *testing.T) {
	t.Parallel()
	ours := certificate(t, nil)
	pool := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(ours.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(leaf)
	s, ca := tlsServer(t, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}, func(w http.ResponseWriter, r *http.Request) { ok(w, r) })
	_, err = post(t.Context(), newClient(t, transport.Options{TLS: transport.TLS{CAFile: ca}}), s.URL, "{}")
	wantFailure(t, err, pam.ErrTLS, "client certificate", "tls.client_cert")

	key, err := x509.MarshalPKCS8PrivateKey(ours.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	files := transport.TLS{CAFile: ca, ClientCert: writePEM(t, "CERTIFICATE", ours.Certificate[0]), ClientKey: writePEM(t, "PRIVATE KEY", key)}
	if a := mustPost(t.Context(), t, newClient(t, transport.Options{TLS: files}), s.URL, "{}"); a.text != `"ok"` || a.proto != "HTTP/1.1" {
		t.Errorf("the answer is %v", a)
	}
	for words, wrong := range map[string]transport.TLS{
		"tls.client_cert is set": {ClientCert: files.ClientCert},
		"tls.client_key is set":  {ClientKey: files.ClientKey},
	} {
		_, err := transport.New(transport.Options{TLS: wrong})
		wantFailure(t, err, pam.ErrUsage, words, "both")
	}
	_, err = transport.New(transport.Options{TLS: transport.TLS{ClientCert: files.ClientKey, ClientKey: files.ClientCert}})
	wantFailure(t, err, pam.ErrUsage, "client certificate", "PEM")
}

func TestAnUnusableAuthorityFileIsExplained(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := transport.New(transport.Options{TLS: transport.TLS{CAFile: empty}})
	wantFailure(t, err, pam.ErrUsage, "holds no certificate", "openssl x509")
	_, err = transport.New(transport.Options{TLS: transport.TLS{CAFile: empty + ".not"}})
	wantFailure(t, err, pam.ErrUsage, "can't be read", "path")
}
