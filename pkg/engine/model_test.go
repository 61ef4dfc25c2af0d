package engine

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// model is the look-up ladder as the specification tells it, written to be
// read and not to be fast. It works on lower-case text throughout, so that it
// can't depend on case.
type model struct {
	rules modelRules
	ask   func(who, question string) answer // the same world that the engine asks
	asked []string
}

type modelRules struct {
	defaultDomain                     string
	mapping                           map[string]string // FQDN -> NetBIOS name
	fallbackToLocal, shared, preferIP bool
}

func lowerRules(r Rules) modelRules {
	m := modelRules{defaultDomain: strings.ToLower(r.DefaultDomain), mapping: map[string]string{},
		fallbackToLocal: r.FallbackToLocal, shared: r.IncludeSharedLists, preferIP: r.PreferIP}
	for fqdn, short := range r.DomainMap {
		m.mapping[strings.ToLower(fqdn)] = strings.ToLower(short)
	}
	return m
}

func (r modelRules) domains() []string {
	var all []string
	for fqdn := range r.mapping {
		all = append(all, fqdn)
	}
	slices.Sort(all)
	return all
}

func (r modelRules) short(domain string) string {
	if short, ok := r.mapping[domain]; ok {
		return short
	}
	return domain
}

func (r modelRules) long(short string) string {
	for _, fqdn := range r.domains() {
		if r.mapping[fqdn] == short {
			return fqdn
		}
	}
	return ""
}

// identities are the rungs as `domain\name`, in order.
func (r modelRules) identities(domain, name string) []string {
	if domain != "" {
		rungs := []string{r.short(domain) + `\` + name}
		if r.fallbackToLocal {
			rungs = append(rungs, name)
		}
		return rungs
	}
	if r.defaultDomain != "" {
		return []string{r.short(r.defaultDomain) + `\` + name, name}
	}
	return []string{name}
}

// place is an endpoint: host, address and domain, each empty when unknown.
type place struct{ host, ip, domain string }

func lowerPlace(e pam.Endpoint, r modelRules) place {
	p := place{host: strings.ToLower(e.Host), domain: strings.ToLower(e.InDomain)}
	if e.IP.IsValid() {
		p.ip = e.IP.String()
	}
	if p.domain != "" && !strings.Contains(p.domain, ".") && r.long(p.domain) != "" {
		p.domain = r.long(p.domain)
	}
	return p
}

func (p place) knownDomain() string {
	if p.domain != "" {
		return p.domain
	}
	_, domain, _ := strings.Cut(p.host, ".")
	return domain
}

// names are those of the endpoint, in order, for an identity of a domain.
func (r modelRules) names(p place, identityDomain string) []string {
	var names []string
	if p.ip != "" && (r.preferIP || p.host == "") {
		names = append(names, p.ip)
	}
	if p.host == "" {
		return names
	}
	names = append(names, p.host)
	short, _, isFQDN := strings.Cut(p.host, ".")
	switch {
	case isFQDN:
		names = append(names, short)
	case p.knownDomain() != "":
		names = append(names, p.host+"."+p.knownDomain())
	case identityDomain != "" && r.long(identityDomain) != "":
		names = append(names, p.host+"."+r.long(identityDomain))
	case strings.Contains(identityDomain, "."):
		names = append(names, p.host+"."+identityDomain)
	}
	return names
}

func (p place) is(label string) bool {
	label = strings.ToLower(label)
	if _, err := netip.ParseAddr(label); err == nil {
		return p.ip == label
	}
	if p.host == "" {
		return false
	}
	ourShort, _, _ := strings.Cut(p.host, ".")
	theirShort, theirs, _ := strings.Cut(label, ".")
	ours := p.knownDomain()
	return ourShort == theirShort && (ours == "" || theirs == "" || ours == theirs)
}

// verdict is what a question comes to.
type verdict int

const (
	answered verdict = iota
	unknownUser
	stopped
)

func (m *model) question(who, question string) (answer, verdict) {
	m.asked = append(m.asked, who+": "+question)
	a := m.ask(who, question)
	if a.err == nil {
		return a, answered
	}
	f, _ := a.err.(*pam.Failure)
	switch f.Class {
	case pam.ErrUserUnknown:
		return answer{}, unknownUser
	case pam.ErrNoCredentials, pam.ErrNotFound, pam.ErrDenied:
		return answer{}, answered
	}
	return answer{err: a.err}, stopped
}

// find returns who yields, what as sorted lines, and else the class of the failure.
func (m *model) find(domain, name string, p place) (who string, lines []string, class pam.Class) {
	class = pam.ErrUserUnknown
	for _, who := range m.rules.identities(domain, name) {
		lines, v, stop := m.rung(who, p)
		switch {
		case v == stopped:
			return "", nil, stop
		case v == answered && len(lines) > 0:
			return who, lines, ""
		case v == answered:
			class = pam.ErrNoCredentials
		}
	}
	return "", nil, class
}

func (m *model) rung(who string, p place) (lines []string, v verdict, stop pam.Class) {
	fail := func(a answer, v verdict) ([]string, verdict, pam.Class) {
		if v == stopped {
			return nil, v, a.err.(*pam.Failure).Class
		}
		return nil, v, ""
	}
	identityDomain, _, hasDomain := strings.Cut(who, `\`)
	if !hasDomain {
		identityDomain = ""
	}
	var local []pam.Credential
	for _, n := range m.rules.names(p, identityDomain) {
		a, v := m.question(who, "stored "+n)
		if v != answered {
			return fail(a, v)
		}
		if local = a.creds; len(local) > 0 {
			break
		}
	}
	if p.host == "" && p.ip != "" {
		for _, c := range local {
			if _, err := netip.ParseAddr(c.System); err != nil && p.host == "" && c.Kind == pam.KindLocal {
				p.host = strings.ToLower(c.System)
			}
		}
		if p.host == "" {
			m.asked = append(m.asked, who+": name "+p.ip)
			if a := m.ask(who, "name "+p.ip); a.err == nil && len(a.texts) == 1 {
				p.host = strings.ToLower(a.texts[0])
			}
		}
		for _, n := range m.rules.names(p, identityDomain) {
			if n == p.ip || len(local) > 0 {
				continue
			}
			a, v := m.question(who, "stored "+n)
			if v != answered {
				return fail(a, v)
			}
			local = a.creds
		}
	}
	lines = append(lines, lineOf(local)...)

	domains := m.rules.domains()
	if d := p.knownDomain(); d != "" {
		domains = []string{d}
	}
	if !notWindows(local) {
		for _, d := range domains {
			a, v := m.question(who, "stored "+d)
			if v != answered {
				return fail(a, v)
			}
			lines = append(lines, lineOf(inDomainOf(a.creds, m.rules.mapping[d]))...)
		}
	}
	if m.rules.shared {
		a, v := m.question(who, "lists")
		if v != answered {
			return fail(a, v)
		}
		for _, list := range a.texts {
			a, v := m.question(who, "list "+strings.ToLower(list))
			if v != answered {
				return fail(a, v)
			}
			for _, c := range a.creds {
				if p.is(c.System) {
					lines = append(lines, lineOf([]pam.Credential{c})...)
				}
			}
		}
	}
	slices.Sort(lines)
	return slices.Compact(lines), answered, ""
}

func notWindows(local []pam.Credential) bool {
	unix, win := false, false
	for _, c := range local {
		unix = unix || c.Type == pam.StoreUnix
		win = win || c.Type == pam.StoreWindows
	}
	return unix && !win
}

// inDomainOf makes credentials a domain's own; netbios is empty when it is not mapped.
func inDomainOf(creds []pam.Credential, netbios string) []pam.Credential {
	var out []pam.Credential
	for _, c := range creds {
		c.Kind, c.Namespace = pam.KindDomain, cmp.Or(c.Namespace, netbios)
		out = append(out, c)
	}
	return out
}

// lineOf writes each credential as one line, so that lines sort as credentials do.
func lineOf(creds []pam.Credential) []string {
	var lines []string
	for _, c := range creds {
		lines = append(lines, strings.ToLower(fmt.Sprintf("%d\x00%s\x00%s\x00%s\x00%s\x00%s\x00%02d", c.Kind, c.List, c.Account, c.System, c.Namespace, c.Target, c.Type)))
	}
	return lines
}
