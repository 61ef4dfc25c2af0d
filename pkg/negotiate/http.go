package negotiate

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// Scheme is the word of HTTP authentication that this package answers to.
const Scheme = "Negotiate"

// Token finds the token in a request; nil when it carries none.
func Token(r *http.Request) []byte { return tokenOf(r.Header.Values("Authorization")) }

// Challenge asks a caller for a token, or gives it the answer to one. Without a
// status yet written, it goes with 401 when reply is empty.
func Challenge(h http.Header, reply []byte) {
	value := Scheme
	if len(reply) > 0 {
		value += " " + base64.StdEncoding.EncodeToString(reply)
	}
	h.Add("WWW-Authenticate", value)
}

func tokenOf(values []string) []byte {
	for _, value := range values {
		scheme, text, ok := strings.Cut(value, " ")
		if !ok || !strings.EqualFold(scheme, Scheme) {
			continue
		}
		token, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err == nil && len(token) > 0 {
			return token
		}
	}
	return nil
}
