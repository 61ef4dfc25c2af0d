package engine

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestIdentities(t *testing.T) {
	t.Parallel()
	exMap := pam.DomainMap{"example.local": "EX"}
	tests := map[string]struct {
		user  string
		rules Rules
		want  []Rung
	}{
		"a mapped domain becomes its NetBIOS name, and the bare name is known but off": {
			`alice@example.local`, Rules{DomainMap: exMap},
			[]Rung{{user(`EX\alice`), "domain_map", false}, {user(`alice`), "fallback_to_local", true}},
		},
		"a mapped domain is found in any case": {
			`alice@EXAMPLE.Local`, Rules{DomainMap: exMap, FallbackToLocal: true},
			[]Rung{{user(`EX\alice`), "domain_map", false}, {user(`alice`), "fallback_to_local", false}},
		},
		"a domain that is not mapped stays as given": {
			`Corp\alice`, Rules{DomainMap: exMap},
			[]Rung{{user(`Corp\alice`), "user", false}, {user(`alice`), "fallback_to_local", true}},
		},
		"the default domain does not touch a user with a domain": {
			`EX\alice`, Rules{DefaultDomain: "corp", FallbackToLocal: true},
			[]Rung{{user(`EX\alice`), "user", false}, {user(`alice`), "fallback_to_local", false}},
		},
		"a local user tries the default domain first": {
			`bob`, Rules{DefaultDomain: "corp"},
			[]Rung{{user(`corp\bob`), "default_domain", false}, {user(`bob`), "user", false}},
		},
		"the default domain is mapped likewise": {
			`bob`, Rules{DefaultDomain: "example.local", DomainMap: exMap, FallbackToLocal: true},
			[]Rung{{user(`EX\bob`), "default_domain", false}, {user(`bob`), "user", false}},
		},
		"a local user without a default domain is tried once": {
			`bob`, Rules{FallbackToLocal: true, DomainMap: exMap}, []Rung{{user(`bob`), "user", false}},
		},
		"an empty mapping is none": {
			`alice@example.local`, Rules{DomainMap: pam.DomainMap{"example.local": ""}},
			[]Rung{{user(`example.local\alice`), "user", false}, {user(`alice`), "fallback_to_local", true}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Identities(user(tt.user), tt.rules); !slices.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	ip := netip.MustParseAddr("192.0.2.10")
	exMap := pam.DomainMap{"example.local": "EX"}
	tests := map[string]struct {
		endpoint pam.Endpoint
		as       string
		rules    Rules
		want     []Name
	}{
		"a short name comes before the FQDN of the identity's domain": {
			host("web01"), `EX\alice`, Rules{DomainMap: exMap},
			[]Name{{"web01", "endpoint", false}, {"web01.example.local", "domain_map", false}},
		},
		"an FQDN comes before its short name": {
			host("web01.example.local"), `EX\alice`, Rules{DomainMap: exMap},
			[]Name{{"web01.example.local", "endpoint", false}, {"web01", "endpoint", false}},
		},
		"a known address is not asked for unless it is preferred": {
			pam.Endpoint{Host: "web01", IP: ip}, `alice`, Rules{}, []Name{{"web01", "endpoint", false}},
		},
		"a preferred address comes first, the host name after it": {
			pam.Endpoint{Host: "web01", IP: ip}, `alice`, Rules{PreferIP: true},
			[]Name{{"192.0.2.10", "prefer_ip", true}, {"web01", "endpoint", false}},
		},
		"the host name is used where no address is known": {
			host("web01"), `alice`, Rules{PreferIP: true}, []Name{{"web01", "endpoint", false}},
		},
		"an address alone is the only name": {
			pam.Endpoint{IP: ip}, `EX\alice`, Rules{DomainMap: exMap}, []Name{{"192.0.2.10", "endpoint", true}},
		},
		"a domain that was given makes the FQDN": {
			pam.Endpoint{Host: "web01", InDomain: "corp.test"}, `EX\alice`, Rules{DomainMap: exMap},
			[]Name{{"web01", "endpoint", false}, {"web01.corp.test", "endpoint", false}},
		},
		"an identity in an unmapped DNS domain makes the FQDN": {
			host("web01"), `alice@corp.test`, Rules{},
			[]Name{{"web01", "endpoint", false}, {"web01.corp.test", "user", false}},
		},
		"a local identity knows no FQDN": {
			host("web01"), `alice`, Rules{DomainMap: exMap}, []Name{{"web01", "endpoint", false}},
		},
		"a domain mapped to nothing is not the local identity's": {
			host("web01"), `alice`, Rules{DomainMap: pam.DomainMap{"odd.test": ""}}, []Name{{"web01", "endpoint", false}},
		},
		"nothing known, nothing asked": {pam.Endpoint{}, `alice`, Rules{PreferIP: true}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Names(tt.endpoint, user(tt.as), tt.rules); !slices.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

func TestDomains(t *testing.T) {
	t.Parallel()
	rules := Rules{DomainMap: pam.DomainMap{"example.local": "EX", "corp.test": "CORP"}}
	tests := map[string]struct {
		endpoint pam.Endpoint
		want     []string
		setting  string
	}{
		"the domain of an FQDN":                           {host("web01.corp.test"), []string{"corp.test"}, "endpoint"},
		"the domain that was given before that of a name": {pam.Endpoint{Host: "web01.dmz.test", InDomain: "corp.test"}, []string{"corp.test"}, "endpoint"},
		"every mapped domain when none is known":          {host("web01"), []string{"corp.test", "example.local"}, "domain_map"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, setting := Domains(tt.endpoint, rules)
			if !slices.Equal(got, tt.want) || setting != tt.setting {
				t.Errorf("got %v by %s", got, setting)
			}
		})
	}
}

func TestPlainEndpoint(t *testing.T) {
	t.Parallel()
	m := pam.DomainMap{"example.local": "EX", "odd.test": ""}
	tests := map[string]struct{ in, want pam.Endpoint }{
		"trailing dots go":                         {pam.Endpoint{Host: "web01.", InDomain: "corp.test."}, pam.Endpoint{Host: "web01", InDomain: "corp.test"}},
		"a NetBIOS name becomes the DNS name":      {pam.Endpoint{Host: "web01", InDomain: "ex"}, pam.Endpoint{Host: "web01", InDomain: "example.local"}},
		"an unknown domain stays":                  {pam.Endpoint{Host: "web01", InDomain: "corp"}, pam.Endpoint{Host: "web01", InDomain: "corp"}},
		"no domain stays none":                     {pam.Endpoint{Host: "web01"}, pam.Endpoint{Host: "web01"}},
		"an address is no host name":               {host("192.0.2.10"), pam.Endpoint{IP: netip.MustParseAddr("192.0.2.10")}},
		"an IPv4 address in IPv6 is taken as such": {pam.Endpoint{IP: netip.MustParseAddr("::ffff:192.0.2.10")}, pam.Endpoint{IP: netip.MustParseAddr("192.0.2.10")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := plainEndpoint(tt.in, m); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestSameEndpoint(t *testing.T) {
	t.Parallel()
	ip := netip.MustParseAddr("192.0.2.10")
	tests := map[string]struct {
		system   string
		endpoint pam.Endpoint
		want     bool
	}{
		"the same name":                             {"web01", host("web01"), true},
		"in another case":                           {"WEB01", host("web01"), true},
		"with blanks and a trailing dot":            {" web01.example.local. ", host("web01"), true},
		"a short label and our FQDN":                {"web01", host("web01.example.local"), true},
		"an FQDN and our short name":                {"web01.example.local", host("web01"), true},
		"the FQDN of another domain":                {"web01.corp.test", host("web01.example.local"), false},
		"the FQDN of the domain that was given":     {"web01.corp.test", pam.Endpoint{Host: "web01", InDomain: "CORP.test"}, true},
		"the FQDN of another than was given":        {"web01.corp.test", pam.Endpoint{Host: "web01", InDomain: "example.local"}, false},
		"another host":                              {"web02", host("web01"), false},
		"a name that only begins alike":             {"web01-old", host("web01"), false},
		"a label that is no host":                   {"Build service", host("web01"), false},
		"an empty label":                            {"", host("web01"), false},
		"an empty label and no host":                {"", pam.Endpoint{IP: ip}, false},
		"our address":                               {"192.0.2.10", pam.Endpoint{Host: "web01", IP: ip}, true},
		"our address in IPv6":                       {"::ffff:192.0.2.10", pam.Endpoint{IP: ip}, true},
		"another address":                           {"192.0.2.11", pam.Endpoint{Host: "web01", IP: ip}, false},
		"an address where we know none":             {"192.0.2.10", host("web01"), false},
		"an address whose first number is a host's": {"192.0.2.10", host("192"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := sameEndpoint(tt.system, tt.endpoint); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestForeignToDomains(t *testing.T) {
	t.Parallel()
	of := func(types ...pam.StoreType) []pam.Credential {
		var creds []pam.Credential
		for _, typ := range types {
			creds = append(creds, pam.Credential{Type: typ})
		}
		return creds
	}
	tests := map[string]struct {
		local []pam.Credential
		want  bool
	}{
		"nothing known":             {nil, false},
		"Windows":                   {of(pam.StoreWindows), false},
		"Unix":                      {of(pam.StoreUnix), true},
		"a router":                  {of(pam.StoreCisco), true},
		"a data base runs anywhere": {of(pam.StoreSQLServer, pam.StorePostgreSQL), false},
		"a data base on Unix":       {of(pam.StoreOracle, pam.StoreUnix), true},
		"Windows with a Unix layer": {of(pam.StoreUnix, pam.StoreWindows), false},
		"a type nobody knows":       {of(pam.StoreUnknown, pam.StoreCustom), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tellsNoWindows(tt.local); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
