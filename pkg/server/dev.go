package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
)

// SelfMade is a certificate for this machine that a directory keeps. It vouches
// for itself: who trusts its file trusts this server alone.
type SelfMade struct {
	Cert, Key   string // paths of the files
	Fingerprint string // SHA-256, in pairs of hexadecimal digits
}

// selfMadeLife is how long one is good; it is made anew a day before.
const selfMadeLife = 30 * 24 * time.Hour

// MakeCertificate finds the self-made certificate in a directory, or makes one.
func MakeCertificate(dir string, now time.Time) (SelfMade, error) {
	s := SelfMade{Cert: filepath.Join(dir, "dev-cert.pem"), Key: filepath.Join(dir, "dev-key.pem")}
	if pair, err := tls.LoadX509KeyPair(s.Cert, s.Key); err == nil && now.Add(24*time.Hour).Before(pair.Leaf.NotAfter) && now.After(pair.Leaf.NotBefore) {
		s.Fingerprint = fingerprint(pair.Certificate[0])
		return s, nil
	}
	cert, key, err := selfSigned(now)
	if err != nil {
		return s, pam.Failf(pam.ErrOther, "make a certificate: %w", err)
	}
	s.Fingerprint = fingerprint(cert)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s, pam.Failf(pam.ErrOther, "make the directory of the certificate: %w", err).WithHint("set REDIM_DATA_DIR to a directory that you may write to")
	}
	if err := atomicfile.Write(s.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600); err != nil {
		return s, err
	}
	return s, atomicfile.Write(s.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644)
}

func selfSigned(now time.Time) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "vault serve --dev"}, NotBefore: now.Add(-time.Minute), NotAfter: now.Add(selfMadeLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"localhost"},
	}
	if cert, err = x509.CreateCertificate(rand.Reader, template, template, private.Public(), private); err != nil {
		return nil, nil, err
	}
	key, err = x509.MarshalPKCS8PrivateKey(private)
	return cert, key, err
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	text := strings.ToUpper(hex.EncodeToString(sum[:]))
	var pairs []string
	for n := 0; n < len(text); n += 2 {
		pairs = append(pairs, text[n:n+2])
	}
	return strings.Join(pairs, ":")
}
