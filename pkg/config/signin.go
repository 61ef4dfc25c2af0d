package config

import (
	"strings"
	"unicode"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// checkSignIn looks for what a way to sign in lacks, and for what it does not
// use.
func (s *Settings) checkSignIn() []Problem {
	var out []Problem
	if s.SignIn == SignInCertificate && s.TLS.ClientCert == "" && s.TLS.ClientKey == "" {
		out = append(out, s.at("tls.client_cert", "is required where sign_in is certificate").hint("set tls.client_cert and tls.client_key"))
	}
	if kind := s.MFACode.Kind; kind == secret.KindKeyring || kind == secret.KindSecrets {
		out = append(out, s.at("mfa_code", "a one-time code that is kept is good for one log-in at most").warning().hint("use prompt, or cmd: with a command that prints a new one"))
	}
	for _, unused := range []struct {
		key, signIn string
		set         bool
	}{
		{"mfa_code", SignInPassword, !s.MFACode.IsZero()},
		{"kerberos.spn", SignInKerberos, s.Kerberos.SPN != ""},
		{"kerberos.keytab", SignInKerberos, s.Kerberos.Keytab != ""},
		{"kerberos.principal", SignInKerberos, s.Kerberos.Principal != ""},
	} {
		if unused.set && s.SignIn != unused.signIn && s.SignIn != "" {
			out = append(out, s.at(unused.key, "is not used where sign_in is %s", s.SignIn).warning().hint("set sign_in=%s, or leave it out", unused.signIn))
		}
	}
	return out
}

// checkSPN takes service/host, perhaps with @REALM.
func checkSPN(text string) error {
	if text == "" {
		return nil
	}
	name, realm, hasRealm := strings.Cut(text, "@")
	service, host, ok := strings.Cut(name, "/")
	if !ok || service == "" || host == "" || hasRealm && realm == "" || strings.ContainsAny(text, " \\:") {
		return pam.Failf(pam.ErrUsage, "%q is not a service principal name", text).WithHint("write it like HTTP/pam.example.com, without a port")
	}
	return nil
}

// ServiceURLs are all addresses of the service, in the order in which they are
// to be tried.
func (s *Settings) ServiceURLs() []string { return append([]string{s.EndpointURL}, s.FallbackURLs...) }

// SignInAs is the Kerberos principal that has to sign in: a name, perhaps with
// a realm.
func (s *Settings) SignInAs() string {
	if s.Kerberos.Principal != "" {
		return s.Kerberos.Principal
	}
	return s.APIUser
}

// assignURLs takes addresses with commas or blanks between them.
func assignURLs(field *[]string, k Key, v value) *Problem {
	*field = strings.FieldsFunc(v.text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	for _, address := range *field {
		if pam.CheckText("value", address) != nil {
			return bad(k, v.origin, "an address is longer than 1024 bytes or holds a control character")
		}
	}
	return nil
}
