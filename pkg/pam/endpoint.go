package pam

import (
	"net/netip"
	"strings"
)

// Endpoint is the machine or application that a session is about to reach.
// Host is a host name or FQDN, or empty when only the address is known.
type Endpoint struct {
	Host     string
	IP       netip.Addr // zero when unknown
	InDomain string     // the DNS domain it is a member of, when somebody said so
}

// String returns the host, or the address when there is no host.
func (e Endpoint) String() string {
	if e.Host == "" && e.IP.IsValid() {
		return e.IP.String()
	}
	return e.Host
}

// Short is the host name up to the first dot.
func (e Endpoint) Short() string {
	short, _, _ := strings.Cut(e.Host, ".")
	return short
}

// Domain is the DNS domain: the one that was given, else what follows the first
// dot of an FQDN, else empty.
func (e Endpoint) Domain() string {
	if e.InDomain != "" {
		return e.InDomain
	}
	_, domain, _ := strings.Cut(e.Host, ".")
	return domain
}

// ParseEndpoint reads an endpoint and an optional address. A host that is an
// address itself fills IP and leaves Host empty. Anything that is no host name
// is ErrUsage.
func ParseEndpoint(host, ip string) (Endpoint, error) {
	name := strings.TrimSuffix(strings.TrimSpace(host), ".")
	if name == "" && strings.TrimSpace(ip) == "" {
		return Endpoint{}, Failf(ErrUsage, "endpoint is empty").WithHint("give a host name such as web01 or web01.example.local")
	}
	e, err := parseHost(name)
	if err != nil || strings.TrimSpace(ip) == "" {
		return e, err
	}
	addr, err := netip.ParseAddr(strings.TrimSpace(ip))
	if err != nil {
		return Endpoint{}, Failf(ErrUsage, "%q is not an IP address", ip).WithHint("give one address such as 192.0.2.10, without a port or a mask")
	}
	e.IP = addr.Unmap()
	return e, nil
}

func parseHost(host string) (Endpoint, error) {
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return Endpoint{IP: addr.Unmap()}, nil
	}
	if err := checkText("endpoint", host); err != nil {
		return Endpoint{}, err
	}
	if host == "" {
		return Endpoint{}, nil
	}
	if strings.ContainsAny(host, " /:@?#\"'<>|*[]") || len(host) > 253 || strings.Contains(host, "..") || strings.HasPrefix(host, ".") {
		return Endpoint{}, Failf(ErrUsage, "endpoint %q is not a host name", host).WithHint("give a host name such as web01 or web01.example.local, without a scheme or a port")
	}
	return Endpoint{Host: host}, nil
}
