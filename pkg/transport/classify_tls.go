package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// classifyTLS returns nil when err is not about the certificate or the
// handshake.
func classifyTLS(host string, err error) *pam.Failure {
	if errors.Is(err, http.ErrSchemeMismatch) {
		return pam.Failf(pam.ErrTLS, "%s doesn't speak TLS", host).WithHint("check the port in endpoint_url")
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return pam.Failf(pam.ErrTLS, "%s doesn't speak TLS", host).WithHint("check the port in endpoint_url")
	}
	if f := classifyCertificate(host, err); f != nil {
		return f
	}
	return classifyHandshake(host, err)
}

func classifyCertificate(host string, err error) *pam.Failure {
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return pam.Failf(pam.ErrTLS, "the certificate of %s is signed by an authority that is not trusted%s", host, issuer(e.Cert)).
			WithHint("if that is your own authority, set tls.ca_file to its certificate; there is no way to skip the check")
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return pam.Failf(pam.ErrTLS, "the certificate of %s is not for %s but for %s", host, e.Host, namesOf(e.Certificate)).
			WithHint("use one of these names in endpoint_url, or set tls.server_name to it")
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return classifyInvalid(host, e)
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return pam.Failf(pam.ErrTLS, "this system has no trusted authorities to check %s by", host).
			WithHint("install the system's CA certificates, or set tls.ca_file")
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return pam.Failf(pam.ErrTLS, "the certificate of %s is not valid: %w", host, e.Err).WithHint("the service needs another certificate")
	}
	return nil
}

func classifyInvalid(host string, e x509.CertificateInvalidError) *pam.Failure {
	if e.Reason != x509.Expired {
		return pam.Failf(pam.ErrTLS, "the certificate of %s is not valid: %w", host, e).WithHint("the service needs another certificate")
	}
	from, until := e.Cert.NotBefore.UTC().Format(time.RFC3339), e.Cert.NotAfter.UTC().Format(time.RFC3339)
	return pam.Failf(pam.ErrTLS, "the certificate of %s is valid only from %s until %s", host, from, until).
		WithHint("renew it on the service; if it is in date, this machine's clock is wrong")
}

func classifyHandshake(host string, err error) *pam.Failure {
	alert, isAlert := errors.AsType[tls.AlertError](err)
	text := rootCause(err).Error()
	switch {
	case isAlert && alert == 70, strings.HasPrefix(text, "tls: server selected unsupported protocol version"),
		strings.Contains(text, "protocol version not supported"):
		return pam.Failf(pam.ErrTLS, "%s speaks no version of TLS that is allowed here", host).
			WithHint("lower tls.min_version to 1.2 if it is 1.3; older versions must be switched off on the service's side")
	case isAlert && slices.Contains([]tls.AlertError{41, 42, 43, 44, 45, 46, 48, 116}, alert),
		strings.Contains(text, "certificate required"), strings.Contains(text, "bad certificate"), strings.Contains(text, "unknown certificate authority"):
		return pam.Failf(pam.ErrTLS, "%s refuses our client certificate, or wants one", host).
			WithHint("set tls.client_cert and tls.client_key to a certificate that the service trusts")
	case isAlert, strings.HasPrefix(text, "tls: "), strings.HasPrefix(text, "remote error: tls"):
		return pam.Failf(pam.ErrTLS, "TLS handshake with %s failed: %w", host, rootCause(err)).
			WithHint("check the host and port in endpoint_url, and the service's TLS settings")
	}
	return nil
}

func issuer(cert *x509.Certificate) string {
	if cert == nil || cert.Issuer.String() == "" {
		return ""
	}
	return " (" + printable(cert.Issuer.String()) + ")"
}

// namesOf lists what a certificate is for, a few of many.
func namesOf(cert *x509.Certificate) string {
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	switch {
	case len(names) == 0:
		return "no name at all"
	case len(names) > 8:
		names = append(names[:8], "…")
	}
	return printable(strings.Join(names, ", "))
}
