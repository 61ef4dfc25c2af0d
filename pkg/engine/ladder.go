package engine

import (
	"net/netip"
	"slices"

	"github.com/redim-tools/redim/pkg/pam"
)

// Rung is one identity of the ladder and the setting that put it there.
type Rung struct {
	Identity pam.Identity
	Setting  string // the key that decided, or "user" where the text itself did
	Skipped  bool   // known of, but switched off by Setting
}

// Identities returns the rungs for a session's user, in the order in which
// they are tried, each identity once. A rung that a setting switches off is
// returned last with Skipped, so that an explanation can name it.
func Identities(user pam.Identity, r Rules) []Rung {
	var rungs []Rung
	local := pam.Identity{Name: user.Name}
	switch {
	case user.Domain != "":
		rungs = append(rungs, inDomain(user.Domain, user.Name, "user", r.DomainMap),
			Rung{Identity: local, Setting: "fallback_to_local", Skipped: !r.FallbackToLocal})
	case r.DefaultDomain != "":
		rungs = append(rungs, inDomain(r.DefaultDomain, user.Name, "default_domain", r.DomainMap), Rung{Identity: local, Setting: "user"})
	default:
		rungs = append(rungs, Rung{Identity: local, Setting: "user"})
	}
	return rungs
}

func inDomain(domain, name, setting string, m pam.DomainMap) Rung {
	short, mapped := m.NetBIOS(domain)
	if mapped && setting == "user" {
		setting = "domain_map"
	}
	return Rung{Identity: pam.Identity{Domain: short, Name: name}, Setting: setting}
}

// Name is one name under which an endpoint is asked for, and the setting that
// decided it.
type Name struct {
	Text    string
	Setting string
	ByIP    bool // Text is an address
}

// Names returns the names of an endpoint in the order in which they are
// tried for one identity, each once. An endpoint of which only the address is
// known has only that name; its system name is the source's to find.
func Names(e pam.Endpoint, as pam.Identity, r Rules) []Name {
	var names []Name
	add := func(n Name) {
		if n.Text != "" && !slices.ContainsFunc(names, func(o Name) bool { return o.Text == n.Text }) {
			names = append(names, n)
		}
	}
	if e.IP.IsValid() && (r.PreferIP || e.Host == "") {
		add(Name{Text: e.IP.String(), Setting: ipSetting(e), ByIP: true})
	}
	add(Name{Text: e.Host, Setting: "endpoint"})
	add(counterpart(e, as, r.DomainMap))
	return names
}

func ipSetting(e pam.Endpoint) string {
	if e.Host == "" {
		return "endpoint"
	}
	return "prefer_ip"
}

// counterpart is the short name of an FQDN, or the FQDN of a short name when
// its domain is known: given, or that of the identity by the domain map.
func counterpart(e pam.Endpoint, as pam.Identity, m pam.DomainMap) Name {
	if e.Host == "" {
		return Name{}
	}
	if short := e.Short(); short != e.Host {
		return Name{Text: short, Setting: "endpoint"}
	}
	if domain := e.Domain(); domain != "" {
		return Name{Text: e.Host + "." + domain, Setting: "endpoint"}
	}
	if fqdn, ok := m.FQDN(as.Domain); ok {
		return Name{Text: e.Host + "." + fqdn, Setting: "domain_map"}
	}
	return Name{}
}

// Domains returns the DNS domains whose own credentials fit a Windows
// endpoint: its domain when known, else every domain of the map.
func Domains(e pam.Endpoint, r Rules) (domains []string, setting string) {
	if d := e.Domain(); d != "" {
		return []string{d}, "endpoint"
	}
	return r.DomainMap.FQDNs(), "domain_map"
}

// sameEndpoint reports whether a shared entry's system label is this endpoint.
func sameEndpoint(system string, e pam.Endpoint) bool {
	if addr, err := netip.ParseAddr(system); err == nil {
		return e.IP.IsValid() && addr.Unmap() == e.IP
	}
	label := pam.Endpoint{Host: system, InDomain: ""}
	if e.Host == "" || !equalFold(label.Short(), e.Short()) {
		return false
	}
	theirs, ours := label.Domain(), e.Domain()
	return theirs == "" || ours == "" || equalFold(theirs, ours)
}
