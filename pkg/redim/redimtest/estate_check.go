package redimtest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// estateFault is one mistake in an estate: where, as keys and indices, and what.
type estateFault struct {
	path []any
	text string
}

// checker collects mistakes, with the names it has seen on its way.
type checker struct {
	estate     *Estate
	faults     []estateFault
	noted      map[string]bool
	identities map[string]bool
	roles      map[string]bool
	systems    map[string]bool // every name of every system
	accounts   map[string]bool
	lists      map[string]bool
	domains    map[string]bool
	auths      map[string]bool
}

// maxRepeat bounds what one entry of an estate may become.
const maxRepeat = 100_000

func (e *Estate) check() []estateFault {
	c := &checker{
		estate: e, noted: map[string]bool{}, identities: map[string]bool{}, roles: map[string]bool{}, systems: map[string]bool{},
		accounts: map[string]bool{}, lists: map[string]bool{}, domains: map[string]bool{}, auths: map[string]bool{},
	}
	c.checkService()
	c.checkDomains()
	c.checkRoles()
	c.checkIdentities()
	c.checkSystems()
	c.checkDomainAccounts()
	c.checkLists()
	c.checkReferences()
	c.checkJobs()
	return c.faults
}

// fault notes a mistake, once however often a repeat makes it.
func (c *checker) fault(path []any, format string, args ...any) {
	f := estateFault{slices.Clone(path), fmt.Sprintf(format, args...)}
	if key := fmt.Sprint(f.path, f.text); !c.noted[key] {
		c.noted[key] = true
		c.faults = append(c.faults, f)
	}
}

func at(path ...any) []any { return path }

// add notes a name that must not be there yet.
func (c *checker) add(seen map[string]bool, what, name string, path []any) {
	switch key := strings.ToLower(name); {
	case strings.TrimSpace(name) == "":
		c.fault(path, "%s has no name", what)
	case strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		c.fault(path, "%s %q holds a control character", what, name)
	case seen[key]:
		c.fault(path, "%s %s occurs twice", what, name)
	default:
		seen[key] = true
	}
}

// oneOf checks a word against the words allowed; empty is allowed.
func (c *checker) oneOf(path []any, word string, allowed ...string) {
	if word != "" && !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, word) }) {
		c.fault(path, "%s %q is none of %s", path[len(path)-1], word, strings.Join(allowed, ", "))
	}
}

func (c *checker) checkService() {
	s := c.estate.Service
	c.oneOf(at("service", "errors"), string(s.Errors), "A", "B", "C")
	c.oneOf(at("service", "job_reply"), s.JobReply, "number", "string", "object")
	c.oneOf(at("service", "beyond_token_limit"), s.BeyondTokenLimit, beyondRefuse, beyondEndOldest)
	c.oneOf(at("service", "unknown_system"), s.UnknownSystem, "empty", "not_found")
	c.oneOf(at("service", "domain_names"), s.DomainNames, "prefixed", "bare")
	for key, d := range map[string]time.Duration{"token_lifetime": s.TokenLifetime, "checkout_lifetime": s.CheckoutLifetime, "job_duration": s.JobDuration} {
		if d < 0 {
			c.fault(at("service", key), "%s is negative", key)
		}
	}
	for i, d := range s.Dialects {
		c.oneOf(at("service", "dialects", i), d, dialectNames()...)
	}
	names := operationNames()
	for i, op := range s.MissingOperations {
		c.operation(at("service", "missing_operations", i), op, names)
	}
	for op := range s.RenamedOperations {
		c.operation(at("service", "renamed_operations", op), op, names)
	}
}

func (c *checker) operation(path []any, op string, names []string) {
	if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, op) }) {
		c.fault(path, "no operation is named %s", op)
	}
}

func (c *checker) checkDomains() {
	for i, d := range c.estate.Domains {
		c.add(c.domains, "domain", d.Name, at("domains", i, "name"))
		c.add(c.auths, "authenticator", d.NetBIOS, at("domains", i, "netbios"))
	}
	for i, a := range c.estate.Authenticators {
		c.add(c.auths, "authenticator", a, at("authenticators", i))
	}
}

func (c *checker) checkRoles() {
	for i, r := range c.estate.Roles {
		c.add(c.roles, "role", r.Name, at("roles", i, "name"))
		c.permissions(at("roles", i, "permissions"), r.Permissions, permissionNames())
	}
}

func (c *checker) permissions(path []any, given, known []string) {
	for i, p := range given {
		if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, p) }) {
			c.fault(append(slices.Clone(path), i), "%s is not a permission here; known are %s", p, strings.Join(known, ", "))
		}
	}
}

func (c *checker) checkIdentities() {
	for _, o := range c.estate.people() {
		id, path := o.item, at("identities", o.index)
		c.add(c.identities, "identity", id.Name, at("identities", o.index, "name"))
		if auth, _, ok := strings.Cut(id.Name, `\`); ok && !c.auths[strings.ToLower(auth)] {
			c.fault(append(path, "name"), "identity %s: %s is neither a domain's netbios name nor an authenticator", id.Name, auth)
		}
		c.permissions(at("identities", o.index, "permissions"), id.Permissions, permissionNames())
		for i, r := range id.Roles {
			if !c.roles[strings.ToLower(r)] {
				c.fault(at("identities", o.index, "roles", i), "no role is named %s", r)
			}
		}
		c.repeat(at("identities", o.index, "repeat"), id.Repeat)
	}
}

func (c *checker) repeat(path []any, repeat int) {
	if repeat < 0 || repeat > maxRepeat {
		c.fault(path, "repeat is not between 0 and %d", maxRepeat)
	}
}

func (c *checker) checkSystems() {
	for _, o := range c.estate.machines() {
		s, i := o.item, o.index
		c.repeat(at("systems", i, "repeat"), s.Repeat)
		c.add(c.systems, "system", s.Name, at("systems", i, "name"))
		if s.FQDN != "" {
			c.add(c.systems, "system", s.FQDN, at("systems", i, "fqdn"))
		}
		for j, alias := range s.Aliases {
			c.add(c.systems, "system", alias, at("systems", i, "aliases", j))
		}
		if s.Address != "" {
			c.add(c.systems, "address", s.Address, at("systems", i, "address"))
			if _, err := netip.ParseAddr(s.Address); err != nil {
				c.fault(at("systems", i, "address"), "%q is not an IP address", s.Address)
			}
		}
		c.storeType(at("systems", i, "type"), s.Type)
		seen := map[string]bool{}
		for j, a := range s.Accounts {
			c.account(at("systems", i, "accounts", j), a, s, seen)
		}
	}
}

func (c *checker) storeType(path []any, name string) {
	if name == "" {
		return
	}
	if _, err := pam.ParseStoreType(name); err != nil {
		c.fault(path, "%s; known are %s", err, strings.Join(pam.StoreTypeNames(), ", "))
	}
}

func (c *checker) account(path []any, a Account, s System, seen map[string]bool) {
	if strings.TrimSpace(a.Name) == "" {
		c.fault(append(path, "name"), "account has no name")
		return
	}
	key := a.Name + "\x00" + a.storeType(s).String() + "\x00" + a.instance(s) + "\x00" + a.CustomType
	if k := strings.ToLower(key); seen[k] {
		c.fault(append(path, "name"), "account %s occurs twice", a.Name)
	} else {
		seen[k] = true
	}
	c.accounts[strings.ToLower(a.Name)] = true
	c.storeType(append(slices.Clone(path), "type"), a.Type)
	if (a.CustomType != "") != (a.storeType(s) == pam.StoreCustom) {
		c.fault(append(slices.Clone(path), "custom_type"), "account %s: custom_type goes with type custom, and only with it", a.Name)
	}
	c.holder(append(slices.Clone(path), "checked_out_by"), a.CheckedOutBy)
}

func (c *checker) holder(path []any, name string) {
	if name != "" && !c.identities[strings.ToLower(name)] {
		c.fault(path, "no identity is named %s", name)
	}
}

func (c *checker) checkDomainAccounts() {
	for i, d := range c.estate.DomainAccounts {
		if !c.domains[strings.ToLower(d.Domain)] {
			c.fault(at("domain_accounts", i, "domain"), "no domain is named %q", d.Domain)
		}
		seen := map[string]bool{}
		for j, a := range d.Accounts {
			c.account(at("domain_accounts", i, "accounts", j), a, System{Type: "windows"}, seen)
		}
	}
}

func (c *checker) checkLists() {
	for i, l := range c.estate.SharedLists {
		c.add(c.lists, "shared list", l.Name, at("shared_lists", i, "name"))
		seen := map[string]bool{}
		for j, en := range l.Entries {
			if en.System == "" || en.Account == "" {
				c.fault(at("shared_lists", i, "entries", j), "an entry needs system and account")
				continue
			}
			c.add(seen, "entry", en.System+"/"+en.Account, at("shared_lists", i, "entries", j))
			c.accounts[strings.ToLower(en.Account)] = true
			c.holder(at("shared_lists", i, "entries", j, "checked_out_by"), en.CheckedOutBy)
		}
	}
}

// checkReferences looks at what may name anything above.
func (c *checker) checkReferences() {
	for i, id := range c.estate.Identities {
		for j, whom := range id.Impersonates {
			if !known(c.identities, whom) && !known(c.roles, whom) {
				c.fault(at("identities", i, "impersonates", j), "no identity or role is named %s", whom)
			}
		}
	}
	for i, g := range c.estate.Grants {
		if !known(c.identities, g.To) && !known(c.roles, g.To) {
			c.fault(at("grants", i, "to"), "no identity or role is named %q", g.To)
		}
		c.refer(at("grants", i, "systems"), "system", g.Systems, c.systems)
		c.refer(at("grants", i, "domains"), "domain", g.Domains, c.domains)
		c.refer(at("grants", i, "lists"), "shared list", g.Lists, c.lists)
		c.refer(at("grants", i, "accounts"), "account", g.Accounts, c.accounts)
		c.permissions(at("grants", i, "permissions"), g.Permissions, grantNames())
	}
	for i, m := range c.estate.ManagementSets {
		c.refer(at("management_sets", i, "systems"), "system", m.Systems, c.systems)
	}
	if user := c.estate.Settings.APIUser; user != "" && !known(c.identities, user) {
		c.fault(at("settings", "api_user"), "no identity is named %s", user)
	}
}

func (c *checker) refer(path []any, what string, names []string, in map[string]bool) {
	for i, n := range names {
		if !known(in, n) {
			c.fault(append(slices.Clone(path), i), "no %s is named %s", what, n)
		}
	}
}

func known(in map[string]bool, pattern string) bool {
	if !strings.HasSuffix(pattern, "*") {
		return in[strings.ToLower(pattern)]
	}
	for name := range in {
		if matches(pattern, name) {
			return true
		}
	}
	return false
}

func (c *checker) checkJobs() {
	seen := map[int64]bool{}
	for i, j := range c.estate.Jobs {
		if j.ID <= 0 || seen[j.ID] {
			c.fault(at("jobs", i, "id"), "job id %d is not positive or occurs twice", j.ID)
		}
		seen[j.ID] = true
		c.storeType(at("jobs", i, "type"), j.Type)
		for _, text := range j.checkSettings() {
			c.fault(at("jobs", i, "settings"), "%s", text)
		}
	}
	for name := range c.estate.Settings.TemplateJobs {
		c.storeType(at("settings", "template_jobs", name), name)
	}
}
