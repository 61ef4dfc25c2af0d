package auth

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

const trustedHint = "give the address of a proxy that you run, such as 10.0.0.5, or a network of them, such as 10.0.0.0/28"

// Trusted are the networks of proxies that are believed.
type Trusted []netip.Prefix

// ParseTrusted reads addresses and networks. ErrUsage for what is none, has
// bits beyond its mask, or would believe everybody.
func ParseTrusted(list []string) (Trusted, error) {
	var out Trusted
	for _, text := range list {
		p, err := parseTrusted(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func parseTrusted(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err == nil && p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	switch {
	case err != nil || p.Addr().Is4In6():
		return netip.Prefix{}, pam.Failf(pam.ErrUsage, "%q is no address and no network", text).WithHint(trustedHint)
	case p != p.Masked():
		return netip.Prefix{}, pam.Failf(pam.ErrUsage, "%q has bits set beyond its mask", text).WithHint("did you mean %s?", p.Masked())
	case p.Bits() == 0:
		return netip.Prefix{}, pam.Failf(pam.ErrUsage, "%q would believe everybody", text).WithHint(trustedHint)
	}
	return p, nil
}

// Holds reports whether an address is that of a trusted proxy.
func (t Trusted) Holds(a netip.Addr) bool {
	return slices.ContainsFunc(t, func(p netip.Prefix) bool { return p.Contains(a) })
}

// normal is an address in its one form: IPv4 as such, and without a zone, which
// means something on one machine only.
func normal(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// addressOf is the address of a connection's end; the zero one where there is none.
func addressOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return normal(tcp.AddrPort().Addr())
	}
	return netip.Addr{}
}

// network is the part of an address that one caller is likely to have alone.
func network(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero prefix for no address
	return p
}
