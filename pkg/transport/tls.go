package transport

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// TLS names the files and rules of the encrypted connection.
type TLS struct {
	CAFile     string // PEM; when set, only these authorities are trusted and the system's are not loaded
	ClientCert string // PEM; with ClientKey
	ClientKey  string // PEM
	ServerName string // the name to expect in the certificate, when it is not the host's
	MinVersion string // "1.2" (also when empty) or "1.3"
}

func (t TLS) config(now func() time.Time) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName, Time: now}
	switch t.MinVersion {
	case "", "1.2":
	case "1.3":
		c.MinVersion = tls.VersionTLS13
	default:
		return nil, pam.Failf(pam.ErrUsage, "tls.min_version %q is not a version", t.MinVersion).WithHint("use 1.2 or 1.3")
	}
	var err error
	if c.RootCAs, err = t.roots(); err != nil {
		return nil, err
	}
	c.Certificates, err = t.clientCertificate()
	return c, err
}

// roots is nil when the system's authorities are to be trusted.
func (t TLS) roots() (*x509.CertPool, error) {
	if t.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(t.CAFile)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "tls.ca_file can't be read: %w", err).WithHint("give the path of a PEM file that this user may read")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, pam.Failf(pam.ErrUsage, "tls.ca_file %s holds no certificate", t.CAFile).
			WithHint("it must hold BEGIN CERTIFICATE blocks; convert a DER file with: openssl x509 -inform der -in FILE")
	}
	return pool, nil
}

func (t TLS) clientCertificate() ([]tls.Certificate, error) {
	switch {
	case t.ClientCert == "" && t.ClientKey == "":
		return nil, nil
	case t.ClientCert == "":
		return nil, pam.Failf(pam.ErrUsage, "tls.client_key is set, but tls.client_cert is not").WithHint("set both, or neither")
	case t.ClientKey == "":
		return nil, pam.Failf(pam.ErrUsage, "tls.client_cert is set, but tls.client_key is not").WithHint("set both, or neither")
	}
	cert, err := tls.LoadX509KeyPair(t.ClientCert, t.ClientKey)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "the client certificate can't be used: %w", err).
			WithHint("tls.client_cert and tls.client_key must be PEM files that belong together; the key must not be encrypted")
	}
	return []tls.Certificate{cert}, nil
}
