package pam_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestAnEndpointIsAHostAnAddressOrBoth(t *testing.T) {
	t.Parallel()
	ip := netip.MustParseAddr
	for _, c := range []struct {
		host, ip string
		want     pam.Endpoint
		text     string
	}{
		{"web01", "", pam.Endpoint{Host: "web01"}, "web01"},
		{" web01.example.local. ", "", pam.Endpoint{Host: "web01.example.local"}, "web01.example.local"},
		{"web01", " 192.0.2.10 ", pam.Endpoint{Host: "web01", IP: ip("192.0.2.10")}, "web01"},
		{"", "192.0.2.10", pam.Endpoint{IP: ip("192.0.2.10")}, "192.0.2.10"},
		{"192.0.2.10", "", pam.Endpoint{IP: ip("192.0.2.10")}, "192.0.2.10"},
		{"[2001:db8::1]", "", pam.Endpoint{IP: ip("2001:db8::1")}, "2001:db8::1"},
		{"2001:db8::1", "", pam.Endpoint{IP: ip("2001:db8::1")}, "2001:db8::1"},
		{"::ffff:192.0.2.10", "", pam.Endpoint{IP: ip("192.0.2.10")}, "192.0.2.10"},
		{"bücher.example", "", pam.Endpoint{Host: "bücher.example"}, "bücher.example"},
		{"srv_1-a", "", pam.Endpoint{Host: "srv_1-a"}, "srv_1-a"},
	} {
		got, err := pam.ParseEndpoint(c.host, c.ip)
		if err != nil || got != c.want || got.String() != c.text {
			t.Errorf("%q %q: %+v, %v", c.host, c.ip, got, err)
		}
	}
}

func TestAnEndpointThatIsNoHostIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ host, ip, says string }{
		{"", "", "empty"}, {" ", "\t", "empty"}, {".", "", "empty"},
		{"https://web01", "", "not a host name"}, {"web01:22", "", "not a host name"}, {"alice@web01", "", "not a host name"},
		{"web 01", "", "not a host name"}, {"web01/x", "", "not a host name"}, {"web..01", "", "not a host name"}, {".web01", "", "not a host name"},
		{"[web01]", "", "not a host name"}, {"*", "", "not a host name"}, {strings.Repeat("a", 254), "", "not a host name"},
		{"web\x0001", "", "control character"}, {"web01\x1b[2J", "", "control character"}, {"web\u202e01", "", "control character"},
		{strings.Repeat("a", 1025), "", "longer than"},
		{"web01", "192.0.2.300", "not an IP address"}, {"web01", "192.0.2.10/24", "not an IP address"}, {"web01", "192.0.2.10:22", "not an IP address"},
		{"web01", "web01", "not an IP address"}, {"", "\x1b[2J", "not an IP address"},
	} {
		_, err := pam.ParseEndpoint(c.host, c.ip)
		usage(t, err, c.says)
	}
}

func TestAnEndpointKnowsItsShortNameAndDomain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e             pam.Endpoint
		short, domain string
	}{
		{pam.Endpoint{Host: "web01"}, "web01", ""},
		{pam.Endpoint{Host: "web01.example.local"}, "web01", "example.local"},
		{pam.Endpoint{Host: "web01.example.local", InDomain: "other.local"}, "web01", "other.local"},
		{pam.Endpoint{IP: netip.MustParseAddr("192.0.2.10"), InDomain: "other.local"}, "", "other.local"},
		{pam.Endpoint{}, "", ""},
	} {
		if c.e.Short() != c.short || c.e.Domain() != c.domain {
			t.Errorf("%+v: %q %q", c.e, c.e.Short(), c.e.Domain())
		}
	}
}
