package auth_test

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/auth"
	"github.com/redim-tools/redim/pkg/pam"
)

func trusted(t testing.TB, list ...string) auth.Trusted {
	t.Helper()
	out, err := auth.ParseTrusted(list)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOnlyProxiesThatAreNamedAreTrusted(t *testing.T) {
	t.Parallel()
	got := trusted(t, "10.0.0.5", " 192.0.2.0/28 ", "::ffff:10.9.0.1", "::ffff:10.8.0.0/112", "2001:db8::/64")
	for text, want := range map[string]bool{
		"10.0.0.5": true, "10.0.0.6": false, "192.0.2.15": true, "192.0.2.16": false, "10.9.0.1": true, "10.8.255.1": true, "2001:db8::1": true, "2001:db8:1::": false, "::1": false,
	} {
		if got.Holds(netip.MustParseAddr(text)) != want {
			t.Errorf("%s: %t", text, !want)
		}
	}
	if got.Holds(netip.Addr{}) {
		t.Error("no address is trusted")
	}
	for _, text := range []string{"", "proxy.example.com", "10.0.0.0/8/8", "10.0.0.1/24", "0.0.0.0/0", "::/0", "fe80::1%eth0", "::ffff:0:0/90"} {
		_, err := auth.ParseTrusted([]string{text})
		if !errors.Is(err, pam.ErrUsage) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheHeaderThatIsBelievedIsChosen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]auth.Header{"": auth.HeaderXForwardedFor, "None": auth.HeaderNone, "forwarded": auth.HeaderForwarded, "X-Forwarded-For": auth.HeaderXForwardedFor} {
		if got, err := auth.ParseHeader(text); err != nil || got != want {
			t.Error(text, got, err)
		}
	}
	if _, err := auth.ParseHeader("x-real-ip"); !errors.Is(err, pam.ErrUsage) {
		t.Error(err)
	}
}

const (
	xff = "X-Forwarded-For"
	fwd = "Forwarded"
)

func TestTheCallerIsTheLastWhoIsNoTrustedProxy(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("203.0.113.1, ", 100_000)
	for name, c := range map[string]struct {
		peer   string
		header auth.Header
		names  string // of the header that is sent
		values []string
		want   string // empty: refused
		warned bool
	}{
		"nobody between":                       {"198.51.100.7:1", auth.HeaderXForwardedFor, "", nil, "198.51.100.7", false},
		"IPv4 in IPv6 clothing":                {"[::ffff:198.51.100.7]:1", auth.HeaderXForwardedFor, "", nil, "198.51.100.7", false},
		"a zone":                               {"[fe80::1%eth0]:1", auth.HeaderXForwardedFor, "", nil, "fe80::1", false},
		"a stranger names somebody":            {"198.51.100.7:1", auth.HeaderXForwardedFor, xff, []string{"10.1.1.1"}, "198.51.100.7", true},
		"a stranger names somebody, forwarded": {"198.51.100.7:1", auth.HeaderForwarded, fwd, []string{"for=10.1.1.1"}, "198.51.100.7", true},
		"a proxy speaks for itself":            {"10.0.0.5:1", auth.HeaderXForwardedFor, "", nil, "10.0.0.5", false},
		"a proxy names a caller":               {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"198.51.100.7"}, "198.51.100.7", false},
		"the caller lies":                      {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"10.1.1.1, 198.51.100.7"}, "198.51.100.7", false},
		"the caller lies in a line before":     {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"10.1.1.1", "198.51.100.7"}, "198.51.100.7", false},
		"the caller says it is a proxy":        {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"10.1.1.1, 10.0.0.5, 198.51.100.7"}, "198.51.100.7", false},
		"two proxies":                          {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"10.1.1.1, 198.51.100.7, 10.0.0.6"}, "198.51.100.7", false},
		"two proxies, a line each":             {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"198.51.100.7", "10.0.0.6"}, "198.51.100.7", false},
		"proxies only":                         {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"10.0.0.7, 10.0.0.6"}, "10.0.0.7", false},
		"a caller of IPv6":                     {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"2001:db8::9"}, "2001:db8::9", false},
		"with a port":                          {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"198.51.100.7:4711"}, "198.51.100.7", false},
		"IPv6 with a port":                     {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"[2001:db8::9]:4711"}, "2001:db8::9", false},
		"IPv6 in brackets":                     {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"[2001:db8::9]"}, "2001:db8::9", false},
		"IPv6 that is IPv4":                    {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"::ffff:198.51.100.7"}, "198.51.100.7", false},
		"blanks and holes":                     {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{" 10.1.1.1 ,, 198.51.100.7 , "}, "198.51.100.7", false},
		"empty":                                {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"", " ,"}, "10.0.0.5", false},
		"a name":                               {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"198.51.100.7, unknown"}, "", false},
		"a name that the caller gave":          {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"unknown, 198.51.100.7"}, "198.51.100.7", false},
		"IPv4 in brackets":                     {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{"[198.51.100.7]"}, "", false},
		"a long lie":                           {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{long + "198.51.100.7"}, "198.51.100.7", false},
		"a long name":                          {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{strings.Repeat("9", 1000)}, "", false},
		"too many proxies":                     {"10.0.0.5:1", auth.HeaderXForwardedFor, xff, []string{strings.Repeat("10.0.0.6,", 17)}, "", false},
		"a header that is not believed":        {"10.0.0.5:1", auth.HeaderXForwardedFor, fwd, []string{"for=10.1.1.1"}, "10.0.0.5", true},
		"no header is believed":                {"10.0.0.5:1", auth.HeaderNone, xff, []string{"10.1.1.1"}, "10.0.0.5", true},
		"no address":                           {"@", auth.HeaderXForwardedFor, xff, []string{"10.1.1.1"}, "", false},
		"forwarded":                            {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{`for=10.1.1.1, For="[2001:db8::9]:4711";proto=https;by=10.0.0.5`}, "2001:db8::9", false},
		"forwarded twice":                      {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{"for=10.1.1.1", "proto=http;for=198.51.100.7 , for=10.0.0.6"}, "198.51.100.7", false},
		"forwarded, escaped":                   {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{`for="198\.51.100.7"`}, "198.51.100.7", false},
		"forwarded, hidden":                    {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{"for=198.51.100.7, for=_hidden"}, "", false},
		"forwarded, for nobody":                {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{"for=198.51.100.7, proto=https"}, "", false},
		"forwarded, for two":                   {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{"for=10.1.1.1;for=198.51.100.7"}, "", false},
		"forwarded, a quote left open":         {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{`for=10.1.1.1;x=", for=198.51.100.7`}, "", false},
		"forwarded, a quote around the next":   {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{`for=10.1.1.1;x=", for="[2001:db8::9]"`}, "", false},
		"forwarded, a quote over lines":        {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{`for=10.1.1.1;x="`, `for=198.51.100.7`}, "", false},
		"forwarded, an escape at the end":      {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{`for="198.51.100.7\`}, "", false},
		"forwarded, no value":                  {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{"for"}, "", false},
		"forwarded, an empty value":            {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{"for="}, "", false},
		"forwarded, no name":                   {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{"=198.51.100.7"}, "", false},
		"forwarded, words behind":              {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{"for=198.51.100.7 and more"}, "", false},
		"forwarded, a control character":       {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{"for=\"198.51.100.7\x01\""}, "", false},
		"forwarded, empty":                     {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{" , ,"}, "10.0.0.5", false},
		"forwarded, too long":                  {"10.0.0.5:1", auth.HeaderForwarded, fwd, []string{strings.Repeat("for=1.1.1.1,", 1000)}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			warned := false
			s := auth.Sources{Trusted: trusted(t, "10.0.0.0/28"), Header: c.header, Warn: func(_ netip.Addr, what string) {
				warned = true
				if strings.Contains(what, "10.1.1.1") || what == "" {
					t.Error(what)
				}
			}}
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
			for _, v := range c.values {
				r.Header.Add(c.names, v)
			}
			got, err := s.Of(r)
			switch {
			case c.want == "" && (!errors.Is(err, pam.ErrDenied) || got.IsValid()):
				t.Errorf("%s, %v; want a refusal", got, err)
			case c.want != "" && (err != nil || got.String() != c.want):
				t.Errorf("%s, %v; want %s", got, err, c.want)
			case err != nil && len(err.Error()) > 200:
				t.Error("the header is in the log:", err)
			}
			if warned != c.warned {
				t.Errorf("warned: %t", warned)
			}
		})
	}
}

// FuzzSource holds that whatever a caller puts before what a proxy adds, the
// caller is the one that the proxy named, or is refused.
func FuzzSource(f *testing.F) {
	f.Add("10.1.1.1", false)
	f.Add("10.1.1.1, 10.0.0.5", true)
	f.Add(`for=10.1.1.1;x="`, false)
	f.Add(`for="[2001:db8::1]:80";by=a,`, true)
	f.Fuzz(func(t *testing.T, said string, apart bool) {
		if strings.ContainsAny(said, "\r\n\x00") {
			return // no header line carries these
		}
		for _, c := range []struct {
			header auth.Header
			caller string
			added  string
		}{
			{auth.HeaderXForwardedFor, "198.51.100.7", "198.51.100.7"},
			{auth.HeaderForwarded, "198.51.100.7", "for=198.51.100.7"},
			{auth.HeaderForwarded, "2001:db8::9", `for="[2001:db8::9]:4711";proto="https"`},
		} {
			s := auth.Sources{Trusted: trusted(t, "10.0.0.0/28"), Header: c.header}
			r := &http.Request{RemoteAddr: "10.0.0.5:1", Header: http.Header{}}
			if apart {
				r.Header[http.CanonicalHeaderKey(string(c.header))] = []string{said, c.added}
			} else {
				r.Header.Set(string(c.header), said+", "+c.added)
			}
			got, err := s.Of(r)
			if err == nil && got.String() != c.caller {
				t.Fatalf("%s: %q made %s of %s", c.header, said, got, c.caller)
			}
			if err != nil && c.header == auth.HeaderXForwardedFor {
				t.Fatalf("%q puts the caller out: %v", said, err)
			}
		}
	})
}
