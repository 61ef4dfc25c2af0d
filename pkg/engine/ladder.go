package engine

import (
	"net/netip"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// What decides a step where no setting does: the words that were given.
const (
	byUser     = "user"
	byEndpoint = "endpoint"
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
	local := pam.Identity{Name: user.Name}
	var first, last Rung
	switch {
	case user.Domain != "":
		first = inDomain(user.Domain, user.Name, byUser, r.DomainMap)
		last = Rung{Identity: local, Setting: "fallback_to_local", Skipped: !r.FallbackToLocal}
	case r.DefaultDomain != "":
		first = inDomain(r.DefaultDomain, user.Name, "default_domain", r.DomainMap)
		last = Rung{Identity: local, Setting: byUser}
	default:
		return []Rung{{Identity: local, Setting: byUser}}
	}
	return []Rung{first, last}
}

func inDomain(domain, name, setting string, m pam.DomainMap) Rung {
	short, mapped := m.NetBIOS(domain)
	if !mapped || short == "" {
		return Rung{Identity: pam.Identity{Domain: domain, Name: name}, Setting: setting}
	}
	if setting == byUser {
		setting = "domain_map"
	}
	return Rung{Identity: pam.Identity{Domain: short, Name: name}, Setting: setting}
}

// plainEndpoint returns an endpoint in one spelling: no trailing dots, an
// address in its own place and IPv4 as such, and the DNS name of a domain that
// was given by its NetBIOS name.
func plainEndpoint(e pam.Endpoint, m pam.DomainMap) pam.Endpoint {
	e.Host = strings.TrimSuffix(e.Host, ".")
	e.InDomain = strings.TrimSuffix(e.InDomain, ".")
	if addr, err := netip.ParseAddr(e.Host); err == nil {
		e.Host, e.IP = "", addr
	}
	e.IP = e.IP.Unmap()
	if fqdn, ok := m.FQDN(e.InDomain); ok && e.InDomain != "" && !strings.Contains(e.InDomain, ".") {
		e.InDomain = fqdn
	}
	return e
}

// Name is one name under which an endpoint is asked for, and the setting that
// decided it.
type Name struct {
	Text    string
	Setting string
	ByIP    bool // Text is an address
}

// Names returns the names of an endpoint in the order in which they are
// tried for one identity, each once: the address first when it is preferred,
// the host as given, then its short name or FQDN. An endpoint of which only
// the address is known has only that name; its system name is the source's to
// find.
func Names(e pam.Endpoint, as pam.Identity, r Rules) []Name {
	var names []Name
	switch {
	case !e.IP.IsValid():
	case e.Host == "":
		names = append(names, Name{Text: e.IP.String(), Setting: byEndpoint, ByIP: true})
	case r.PreferIP:
		names = append(names, Name{Text: e.IP.String(), Setting: "prefer_ip", ByIP: true})
	}
	for _, n := range []Name{{Text: e.Host, Setting: byEndpoint}, counterpart(e, as, r.DomainMap)} {
		if n.Text != "" {
			names = append(names, n)
		}
	}
	return names
}

// counterpart is the short name of an FQDN, or the FQDN of a short name where
// a domain is known: the endpoint's own, else the identity's.
func counterpart(e pam.Endpoint, as pam.Identity, m pam.DomainMap) Name {
	if e.Host == "" {
		return Name{}
	}
	if short := e.Short(); short != e.Host {
		return Name{Text: short, Setting: byEndpoint}
	}
	if domain := e.Domain(); domain != "" {
		return Name{Text: e.Host + "." + domain, Setting: byEndpoint}
	}
	if as.Domain == "" {
		return Name{}
	}
	if fqdn, ok := m.FQDN(as.Domain); ok {
		return Name{Text: e.Host + "." + fqdn, Setting: "domain_map"}
	}
	if strings.Contains(as.Domain, ".") {
		return Name{Text: e.Host + "." + as.Domain, Setting: byUser}
	}
	return Name{}
}

// Domains returns the DNS domains whose own credentials fit a Windows
// endpoint: its domain when known, else every domain of the map.
func Domains(e pam.Endpoint, r Rules) (domains []string, setting string) {
	if d := e.Domain(); d != "" {
		return []string{d}, byEndpoint
	}
	return r.DomainMap.FQDNs(), "domain_map"
}

// tellsNoWindows reports whether what was found on a system tells that it is
// no Windows system. A data base tells nothing: it runs anywhere.
func tellsNoWindows(local []pam.Credential) bool {
	foreign := false
	for _, c := range local {
		switch c.Type {
		case pam.StoreWindows:
			return false
		case pam.StoreUnix, pam.StoreAS400, pam.StoreOS390, pam.StoreTN3270, pam.StoreIPMI, pam.StoreDRAC, pam.StoreCisco, pam.StoreXerox:
			foreign = true
		}
	}
	return foreign
}

// sameEndpoint reports whether a shared entry's system label is this endpoint.
func sameEndpoint(system string, e pam.Endpoint) bool {
	system = strings.TrimSuffix(strings.TrimSpace(system), ".")
	if addr, err := netip.ParseAddr(system); err == nil {
		return e.IP.IsValid() && addr.Unmap() == e.IP
	}
	label := pam.Endpoint{Host: system}
	if e.Host == "" || !equalFold(label.Short(), e.Short()) {
		return false
	}
	theirs, ours := label.Domain(), e.Domain()
	return theirs == "" || ours == "" || equalFold(theirs, ours)
}
