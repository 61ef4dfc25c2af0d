package config

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strconv"
)

// Fingerprint stands for what a sign-in goes by: endpoint URL, API user,
// authenticator, and the source of its password. A token is good for one
// fingerprint only. Spelling that makes no difference to the service is levelled
// first. It is 64 hexadecimal digits.
func (s *Settings) Fingerprint() string {
	id := s.Identity().Fold()
	h := sha256.New()
	for _, part := range []string{"redim settings 2", normalURL(s.EndpointURL), id.Name, id.Domain, s.APIPassword.Text()} {
		_, _ = io.WriteString(h, strconv.Itoa(len(part))+":"+part)
	}
	return hex.EncodeToString(h.Sum(nil))
}
