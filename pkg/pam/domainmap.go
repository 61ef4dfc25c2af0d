package pam

import (
	"maps"
	"slices"
	"strings"
)

// DomainMap maps fully qualified domain names to NetBIOS names. Keys are kept
// in lower case and without a trailing dot, values as written.
type DomainMap map[string]string

// NetBIOS returns the short name of domain: its mapping, or domain itself.
// Case and a trailing dot do not matter.
func (m DomainMap) NetBIOS(domain string) (name string, mapped bool) {
	if short, ok := m[foldDomain(domain)]; ok {
		return short, true
	}
	return domain, false
}

// FQDNs returns the mapped domains in order.
func (m DomainMap) FQDNs() []string { return slices.Sorted(maps.Keys(m)) }

// FQDN returns the first domain whose NetBIOS name is short.
func (m DomainMap) FQDN(short string) (string, bool) {
	for _, fqdn := range m.FQDNs() {
		if strings.EqualFold(m[fqdn], short) {
			return fqdn, true
		}
	}
	return "", false
}

func foldDomain(d string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(d), "."))
}

// ParseDomainLine reads one line FQDN=NetBIOS. A blank line or one that starts
// with # yields two empty strings and no error.
func ParseDomainLine(line string) (fqdn, netbios string, err error) {
	pair := strings.TrimSpace(line)
	if pair == "" || strings.HasPrefix(pair, "#") {
		return "", "", nil
	}
	fqdn, netbios, ok := strings.Cut(pair, "=")
	if !ok {
		return "", "", Failf(ErrUsage, "domain mapping %q has no =", pair).WithHint("write one mapping a line, for example example.local=EX")
	}
	fqdn, netbios = foldDomain(fqdn), strings.TrimSpace(netbios)
	return fqdn, netbios, CheckDomainPair(fqdn, netbios)
}

// CheckDomainPair refuses a pair that can never match: an empty or impossible
// domain, or a NetBIOS name that is not 1 to 15 characters.
func CheckDomainPair(fqdn, netbios string) error {
	if err := checkText("domain", fqdn+netbios); err != nil {
		return err
	}
	switch n := len([]rune(netbios)); {
	case strings.ContainsAny(fqdn, ` \/@=`) || slices.Contains(strings.Split(fqdn, "."), ""):
		return Failf(ErrUsage, "%q is not a domain name", fqdn).WithHint("write one mapping a line, for example example.local=EX")
	case n == 0 || n > 15:
		return Failf(ErrUsage, "NetBIOS name %q of %s has %d characters", netbios, fqdn, n).WithHint("a NetBIOS name has 1 to 15 characters; look it up with: nltest /dsgetdc:%s", fqdn)
	case strings.ContainsAny(netbios, ` \/:*?"<>|=`):
		return Failf(ErrUsage, "NetBIOS name %q of %s holds a character that is not allowed", netbios, fqdn).WithHint(`leave out blanks and any of \ / : * ? " < > |`)
	}
	return nil
}

// Lint reports what can't be meant in a map whose pairs are each valid: two
// domains with one name, a NetBIOS name that is itself mapped on, and cycles.
func (m DomainMap) Lint() []*Failure {
	var out []*Failure
	seen := map[string]string{}
	for _, fqdn := range m.FQDNs() {
		short := foldDomain(m[fqdn])
		if other, ok := seen[short]; ok {
			out = append(out, Failf(ErrUsage, "%s and %s both map to %s", other, fqdn, m[fqdn]).WithHint("a NetBIOS name belongs to one domain; remove the wrong line"))
		}
		seen[short] = fqdn
		if f := m.chain(fqdn); f != nil {
			out = append(out, f)
		}
	}
	return out
}

// longestCycle bounds the search, so that a hostile map takes no time.
const longestCycle = 100

// chain follows a domain from name to name. A cycle is reported at the first of
// its domains only, a name that is mapped on at the domain that leads to it.
func (m DomainMap) chain(fqdn string) *Failure {
	const hint = "only the FQDN goes on the left"
	short := foldDomain(m[fqdn])
	next, mapped := m[short]
	if !mapped || foldDomain(next) == short || short == fqdn {
		return nil
	}
	path := []string{fqdn}
	for at := short; len(path) <= longestCycle; at = foldDomain(m[at]) {
		if at == fqdn {
			if slices.Min(path) != fqdn {
				return nil
			}
			return Failf(ErrUsage, "%s is a cycle", strings.Join(append(path, fqdn), " = ")).WithHint(hint)
		}
		if _, ok := m[at]; !ok {
			break
		}
		path = append(path, at)
	}
	return Failf(ErrUsage, "%s maps to %s, which is mapped on to %s", fqdn, m[fqdn], next).WithHint(hint)
}
