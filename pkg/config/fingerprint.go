package config

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
)

// Fingerprint stands for what a sign-in goes by: endpoint URL, API user,
// authenticator, the way and what proves it: the source of the password, the
// certificate's file, or the Kerberos principal. A token is good for one
// fingerprint only. Spelling that makes no difference to the service is levelled
// first. It is 64 hexadecimal digits.
func (s *Settings) Fingerprint() string {
	if s.tool == ToolVault {
		return s.integrationFingerprint()
	}
	id := s.Identity().Fold()
	return fingerprint("redim settings 3", normalURL(s.EndpointURL), id.Name, id.Domain, s.SignIn, s.proof())
}

// integrationFingerprint is that of vault, which signs in elsewhere.
func (s *Settings) integrationFingerprint() string {
	proof := s.Credential.Text()
	if s.IntegrationAccount != "" {
		proof = "account " + s.IntegrationAccount
	}
	return fingerprint("vault settings 1", normalURL(s.Server), strings.ToLower(s.Integration), proof)
}

func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		_, _ = io.WriteString(h, strconv.Itoa(len(part))+":"+part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// proof names what a way to sign in goes by.
func (s *Settings) proof() string {
	switch s.SignIn {
	case SignInCertificate:
		return s.TLS.ClientCert
	case SignInKerberos:
		return s.SignInAs()
	}
	return s.APIPassword.Text()
}
