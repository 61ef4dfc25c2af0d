package vault

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

const addressHint = "give an address such as 10.0.0.1 or 2001:db8::1, or a network such as 10.0.0.0/24"

// ParseAllowed reads an address or a network. It is kept canonical: an IPv4
// address in IPv6 clothing becomes the IPv4 address that such callers are seen
// with. Host names, zones, and networks with host bits are ErrUsage.
func ParseAllowed(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "/") {
		return parseHostAddress(text)
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, pam.Failf(pam.ErrUsage, "%q is no network", text).WithHint(addressHint)
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, pam.Failf(pam.ErrUsage, "%q covers more than the IPv4 addresses that it is written with", text).
				WithHint("write the IPv4 network itself, or the IPv6 one")
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if p != p.Masked() {
		return netip.Prefix{}, pam.Failf(pam.ErrUsage, "%q has bits set beyond its mask", text).
			WithHint("did you mean %s? For the one address write %s", p.Masked(), p.Addr())
	}
	return p, nil
}

func parseHostAddress(text string) (netip.Prefix, error) {
	addr, err := netip.ParseAddr(text)
	switch {
	case err == nil && addr.Zone() != "":
		return netip.Prefix{}, pam.Failf(pam.ErrUsage, "%q has a zone", text).WithHint("zones mean something on one machine only; leave out what follows the %%")
	case err == nil:
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	case looksLikeHost(text):
		return netip.Prefix{}, pam.Failf(pam.ErrUsage, "%q is a host name", text).
			WithHint("names are refused, for who can answer for a name could let itself in; %s", addressHint)
	}
	return netip.Prefix{}, pam.Failf(pam.ErrUsage, "%q is no address", text).WithHint(addressHint)
}

func looksLikeHost(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r > '9' && r != ':' }) && !strings.ContainsAny(text, ":/ ")
}

// FormatAllowed writes a network, and one that is a single address without its mask.
func FormatAllowed(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// sortAllowed orders networks and drops what is there twice.
func sortAllowed(list []netip.Prefix) []netip.Prefix {
	out := slices.Clone(list)
	slices.SortFunc(out, comparePrefix)
	return slices.Compact(out)
}

func comparePrefix(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
}

// AddressMatch tells which rule lets an address in, or which nearly does.
type AddressMatch struct {
	Allowed bool
	Rule    netip.Prefix // the rule, or the nearest one; invalid when there is none of the family
	Common  int          // bits that the address and the rule share
}

// MatchAddress holds an address against a list. Of several rules that fit, the
// narrowest is named.
func MatchAddress(allowed []netip.Prefix, from netip.Addr) AddressMatch {
	from = from.Unmap().WithZone("")
	var best AddressMatch
	for _, p := range allowed {
		if p.Addr().BitLen() != from.BitLen() {
			continue
		}
		m := AddressMatch{Allowed: p.Contains(from), Rule: p, Common: common(p.Addr(), from, p.Bits())}
		if !best.Rule.IsValid() || better(m, best) {
			best = m
		}
	}
	return best
}

// isAllowed tells what MatchAddress does of Allowed, and no more.
func isAllowed(allowed []netip.Prefix, from netip.Addr) bool {
	from = from.Unmap().WithZone("")
	return slices.ContainsFunc(allowed, func(p netip.Prefix) bool { return p.Contains(from) })
}

func better(m, than AddressMatch) bool {
	if m.Allowed != than.Allowed {
		return m.Allowed
	}
	return m.Common > than.Common
}

// common counts the leading bits that a and b share, at most limit.
func common(a, b netip.Addr, limit int) int {
	for n := limit; n > 0; n-- {
		if p, err := a.Prefix(n); err == nil && p.Contains(b) {
			return n
		}
	}
	return 0
}
