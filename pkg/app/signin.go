package app

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/redim-tools/redim/pkg/breaker"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/secret"
)

// signIn is the client's word for a way to sign in.
func signIn(s *config.Settings) redim.SignIn {
	switch s.SignIn {
	case config.SignInCertificate:
		return redim.SignInCertificate
	case config.SignInKerberos:
		return redim.SignInWindows
	}
	return redim.SignInPassword
}

// mfaCode asks for a one-time code; nil where none is wanted.
func (w *wiring) mfaCode(s *config.Settings) func(context.Context) (secret.Value, error) {
	if s.MFACode.IsZero() {
		return nil
	}
	return func(ctx context.Context) (secret.Value, error) {
		r := w.resolver(s)
		r.Label = "One-time code of " + s.Identity().String()
		return r.Resolve(ctx, s.MFACode)
	}
}

// prove puts Kerberos proofs on the requests to the service's own hosts; nil
// where another way to sign in is set.
func (w *wiring) prove(s *config.Settings) func(http.RoundTripper) http.RoundTripper {
	if s.SignIn != config.SignInKerberos {
		return nil
	}
	client := negotiate.New(negotiate.Config{
		Keytab: s.Kerberos.Keytab, Principal: s.SignInAs(), SPN: s.Kerberos.SPN, Getenv: w.Getenv, Now: w.Now,
	})
	var hosts []string
	for _, address := range s.ServiceURLs() {
		if u, err := url.Parse(address); err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	return func(next http.RoundTripper) http.RoundTripper { return client.RoundTripper(next, hosts...) }
}

// outages remembers which services did not answer, for all profiles: they are
// told apart by their addresses.
func (w *wiring) outages() *breaker.Breaker {
	dir, err := w.Paths.CacheDir()
	if err != nil {
		return breaker.Open("", w.Now)
	}
	return breaker.Open(filepath.Join(dir, "outages.json"), w.Now)
}
