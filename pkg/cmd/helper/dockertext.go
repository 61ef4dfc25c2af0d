package helper

import (
	"strings"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/pam"
)

// parseDockerServer reads the address that docker says. It has a scheme or none,
// and perhaps a path.
func parseDockerServer(text []byte) (server, error) {
	address := strings.TrimSpace(string(text))
	if err := isText("server", address); err != nil {
		return server{}, err
	}
	s := server{scheme: "https"}
	if scheme, rest, cut := strings.Cut(address, "://"); cut {
		s.scheme, address = strings.ToLower(scheme), rest
	}
	s.host, s.path, _ = strings.Cut(address, "/")
	switch {
	case s.host == "":
		return server{}, pam.Failf(pam.ErrUsage, "no credentials server URL").WithHint("docker calls this command with the address of a registry on standard input")
	case s.scheme != "https" && s.scheme != "http":
		return server{}, errNoKeychain()
	}
	return s, nil
}

// appendJSON appends a text in the form of JSON, without copies that nobody clears.
// It reports false for what JSON can't say: bytes that are no UTF-8.
func appendJSON(buf, text []byte) ([]byte, bool) {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	for _, b := range text {
		switch {
		case b == '"' || b == '\\':
			buf = append(buf, '\\', b)
		case b < ' ':
			buf = append(buf, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		default:
			buf = append(buf, b)
		}
	}
	return append(buf, '"'), utf8.Valid(text)
}
