package auth

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Header is the header in which trusted proxies say whom they speak for.
type Header string

// The headers. A proxy hands on what it does not set itself, so exactly one may
// be believed: the one that every trusted proxy sets.
const (
	HeaderNone          Header = "none"
	HeaderXForwardedFor Header = "x-forwarded-for"
	HeaderForwarded     Header = "forwarded" // RFC 7239
)

// ParseHeader reads a choice; empty is HeaderXForwardedFor.
func ParseHeader(text string) (Header, error) {
	switch h := Header(strings.ToLower(strings.TrimSpace(text))); h {
	case "":
		return HeaderXForwardedFor, nil
	case HeaderNone, HeaderXForwardedFor, HeaderForwarded:
		return h, nil
	}
	return "", pam.Failf(pam.ErrUsage, "%q is no header that proxies speak in", text).WithHint("choose x-forwarded-for, forwarded or none")
}

// Sources tells where calls come from.
type Sources struct {
	Trusted Trusted
	Header  Header
	// Warn is told of what was not believed. The text may be logged as it is.
	Warn func(peer netip.Addr, what string)
}

// Of is the address of the caller: the peer, or, when that is a trusted proxy,
// the last one in its header that is none. ErrDenied when a trusted proxy does
// not say it in a way that can be believed.
func (s *Sources) Of(r *http.Request) (netip.Addr, error) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, pam.Failf(pam.ErrDenied, "the connection has no address").WithHint("let callers come over TCP")
	}
	peer := normal(at.Addr())
	if !s.Trusted.Holds(peer) {
		s.ignore(peer, r.Header, HeaderNone)
		return peer, nil
	}
	s.ignore(peer, r.Header, s.Header)
	from, err := s.named(r.Header)
	switch {
	case err != nil:
		return netip.Addr{}, pam.Failf(pam.ErrDenied, "the proxy %s names nobody: %w", peer, err).WithHint("look at what it puts into the header %s", s.Header)
	case !from.IsValid():
		return peer, nil
	}
	return from, nil
}

// ignore tells of headers that name a caller, other than the believed one.
func (s *Sources) ignore(peer netip.Addr, h http.Header, believed Header) {
	if s.Warn == nil {
		return
	}
	for _, name := range []Header{HeaderXForwardedFor, HeaderForwarded} {
		if name != believed && len(h.Values(string(name))) > 0 {
			s.Warn(peer, string(name)+" is not believed: "+why(believed))
		}
	}
}

func why(believed Header) string {
	if believed == HeaderNone {
		return "the peer is no trusted proxy, or no header is to be believed"
	}
	return "trusted proxies speak in " + string(believed)
}

// named walks over what the header says, the last first, until it is no trusted
// proxy. The zero address when it says nothing.
func (s *Sources) named(h http.Header) (netip.Addr, error) {
	switch s.Header {
	case HeaderXForwardedFor:
		return s.walk(newBackwards(h.Values(string(s.Header))))
	case HeaderForwarded:
		nodes, err := forwardedNodes(h.Values(string(s.Header)))
		if err != nil {
			return netip.Addr{}, err
		}
		return s.walk(newList(nodes))
	case HeaderNone:
	}
	return netip.Addr{}, nil
}

// maxHops is how many trusted proxies may stand in a row.
const maxHops = 16

func (s *Sources) walk(next func() (string, bool)) (netip.Addr, error) {
	var last netip.Addr
	for range maxHops {
		text, ok := next()
		if !ok {
			return last, nil
		}
		a, err := parseNode(text)
		if err != nil {
			return a, err
		}
		if !s.Trusted.Holds(a) {
			return a, nil
		}
		last = a
	}
	return netip.Addr{}, pam.Failf(pam.ErrDenied, "it names more than %d proxies", maxHops)
}

// newBackwards hands out the entries of comma-separated lists, the last first.
// It looks at no more than it hands out, however long the header is.
func newBackwards(values []string) func() (string, bool) {
	n := len(values) - 1
	rest := ""
	if n >= 0 {
		rest = values[n]
	}
	return func() (string, bool) {
		for n >= 0 {
			at := strings.LastIndexByte(rest, ',')
			entry := strings.Trim(rest[at+1:], " \t")
			if at >= 0 {
				rest = rest[:at]
			} else if n--; n >= 0 {
				rest = values[n]
			}
			if entry != "" {
				return entry, true
			}
		}
		return "", false
	}
}

func newList(nodes []string) func() (string, bool) {
	return func() (string, bool) {
		if len(nodes) == 0 {
			return "", false
		}
		last := nodes[len(nodes)-1]
		nodes = nodes[:len(nodes)-1]
		return last, true
	}
}

// maxNode is the longest node that can be an address with a port.
const maxNode = 64

// parseNode reads an address with or without a port: 10.0.0.1, 10.0.0.1:4711,
// 2001:db8::1, [2001:db8::1], [2001:db8::1]:4711.
func parseNode(text string) (netip.Addr, error) {
	if len(text) > maxNode {
		return netip.Addr{}, pam.Failf(pam.ErrDenied, "it holds a name of %d bytes where an address should be", len(text))
	}
	if at, err := netip.ParseAddrPort(text); err == nil {
		return normal(at.Addr()), nil
	}
	bare := text
	if inner, ok := strings.CutPrefix(text, "["); ok {
		if bare, ok = strings.CutSuffix(inner, "]"); !ok || !strings.Contains(bare, ":") {
			bare = ""
		}
	}
	a, err := netip.ParseAddr(bare)
	if err != nil {
		return netip.Addr{}, pam.Failf(pam.ErrDenied, "it holds something where an address should be")
	}
	return normal(a), nil
}
