package redimtest

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// model is the state behind the service. The server's lock guards all of it.
type model struct {
	service    Service
	now        time.Time // of the request at hand
	identities map[pam.Identity]*identity
	systems    map[string]*system // by every name and address, in lower case
	domains    map[string]*domain // by DNS name, in lower case
	netbios    map[string]*domain // by NetBIOS name, in lower case
	lists      []*sharedList
	sets       []*managementSet
	roles      []Role
	accounts   []*account // all of them, in the estate's order
	sessions   map[[32]byte]*session
	logIns     uint64 // so far
	jobs       map[int64]*job
	nextJob    int64
	held       map[*account]bool // checked out with an end
	tally      tally
	events     eventLog
}

type identity struct {
	id           pam.Identity
	password     secret.Value
	permissions  permissions
	roles        []string
	impersonates []string
	certificate  bool
	principal    string
	mfa          bool           // needs a code beside its password
	mfaCodes     []secret.Value // those that were not used yet
	grants       []Grant
}

type system struct {
	name        string
	names       []string // every name and address
	unreachable bool
	accounts    []*account
}

type domain struct {
	name, netbios string
	accounts      []*account
}

type sharedList struct {
	name    string
	entries []*account
}

type managementSet struct {
	name    string
	systems []string
}

// account is one credential of any kind, with who holds it.
type account struct {
	system     *system     // nil unless local
	domain     *domain     // nil unless of a domain
	list       *sharedList // nil unless an entry of a list
	label      string      // an entry's system, a free text
	name       string
	namespace  string
	assetTag   string
	storeType  pam.StoreType
	target     string
	customType string
	random     bool
	autoSpin   bool
	changed    time.Time
	password   secret.Value

	holder  string    // empty when free
	expires time.Time // zero: no end
	count   int64     // check-outs of this run that the holder has made of it
}

// place is what the service calls the account's system.
func (a *account) place() string {
	switch {
	case a.system != nil:
		return a.system.name
	case a.domain != nil:
		return a.domain.name
	}
	return a.label
}

// full is the account as DOMAIN\name where it has a domain.
func (a *account) full() string {
	if a.domain != nil {
		return a.domain.netbios + `\` + a.name
	}
	return a.name
}

func newModel(e *Estate, now time.Time, apiUser string, apiPassword secret.Value) *model {
	m := &model{
		service: e.Service.withDefaults(), now: now, nextJob: 1000,
		identities: map[pam.Identity]*identity{}, systems: map[string]*system{},
		domains: map[string]*domain{}, netbios: map[string]*domain{},
		roles: e.Roles, sessions: map[[32]byte]*session{}, jobs: map[int64]*job{}, held: map[*account]bool{},
	}
	m.addIdentities(e, apiUser, apiPassword)
	for _, d := range e.Domains {
		one := &domain{name: d.Name, netbios: d.NetBIOS}
		m.domains[strings.ToLower(d.Name)], m.netbios[strings.ToLower(d.NetBIOS)] = one, one
	}
	m.addSystems(e)
	m.addDomainAccounts(e)
	m.addLists(e)
	for _, s := range e.ManagementSets {
		m.sets = append(m.sets, &managementSet{name: s.Name, systems: m.expandSystems(e, s.Systems)})
	}
	for _, j := range e.Jobs {
		m.jobs[j.ID] = j.build()
		m.nextJob = max(m.nextJob, j.ID)
	}
	return m
}

func (s Service) withDefaults() Service {
	s.Errors = ErrorProfile(strings.ToUpper(string(s.Errors)))
	if s.Errors == "" {
		s.Errors = ErrorsAsStatus
	}
	if s.TokenLifetime == 0 {
		s.TokenLifetime = 30 * time.Minute
	}
	if s.CheckoutLifetime == 0 {
		s.CheckoutLifetime = time.Hour
	}
	return s
}

func parseIdentity(name string) pam.Identity {
	if auth, user, ok := strings.Cut(name, `\`); ok {
		return pam.Identity{Domain: auth, Name: user}
	}
	return pam.Identity{Name: name}
}

func (m *model) addIdentities(e *Estate, apiUser string, apiPassword secret.Value) {
	roles := map[string]permissions{}
	for _, r := range e.Roles {
		roles[strings.ToLower(r.Name)] = newPermissions(r.Permissions...)
	}
	for _, o := range e.people() {
		one := &identity{
			id: parseIdentity(o.item.Name), password: o.item.Password, permissions: newPermissions(o.item.Permissions...),
			roles: o.item.Roles, impersonates: o.item.Impersonates, certificate: o.item.Certificate,
			principal: o.item.Principal, mfa: len(o.item.MFACodes) > 0, mfaCodes: slices.Clone(o.item.MFACodes),
		}
		for _, r := range one.roles {
			one.permissions.add(roles[strings.ToLower(r)])
		}
		if strings.EqualFold(o.item.Name, apiUser) && !apiPassword.IsEmpty() {
			one.password = apiPassword
		}
		if one.password.IsEmpty() {
			one.password = newPassword(0)
		}
		for _, g := range e.Grants {
			if matches(g.To, o.item.Name) || slices.ContainsFunc(one.roles, func(r string) bool { return matches(g.To, r) }) {
				one.grants = append(one.grants, g)
			}
		}
		m.identities[one.id.Fold()] = one
	}
}

func (m *model) addSystems(e *Estate) {
	for _, o := range e.machines() {
		s := &system{name: o.item.Name, unreachable: o.item.Unreachable}
		s.names = append([]string{o.item.Name}, o.item.Aliases...)
		if o.item.FQDN != "" {
			s.names = append(s.names, o.item.FQDN)
		}
		if addr, err := netip.ParseAddr(o.item.Address); err == nil {
			s.names = append(s.names, addr.Unmap().String())
		}
		for _, n := range s.names {
			m.systems[strings.ToLower(n)] = s
		}
		for _, a := range o.item.Accounts {
			one := m.newAccount(a, o.item)
			one.system = s
			s.accounts = append(s.accounts, one)
		}
	}
}

func (m *model) newAccount(a Account, s System) *account {
	one := &account{
		name: a.Name, namespace: a.Namespace, assetTag: a.AssetTag, customType: a.CustomType,
		storeType: a.storeType(s), random: a.Random, autoSpin: a.AutoSpin,
		changed: a.LastChanged.UTC(), password: a.Password, holder: m.canonical(a.CheckedOutBy),
	}
	one.target = one.storeType.TargetName(s.Name, a.instance(s))
	if one.namespace == "" {
		one.namespace = s.Name
		if one.storeType == pam.StoreUnix {
			one.namespace = "[Linux]"
		}
	}
	if one.password.IsEmpty() {
		one.password = newPassword(0)
	}
	m.accounts = append(m.accounts, one)
	return one
}

func (a Account) storeType(s System) pam.StoreType {
	name := a.Type
	if name == "" {
		name = s.Type
	}
	t, _ := pam.ParseStoreType(name)
	return t
}

func (a Account) instance(s System) string {
	if a.Instance != "" {
		return a.Instance
	}
	return s.Instance
}

// canonical is an identity's name as the estate spells it.
func (m *model) canonical(name string) string {
	if one := m.identities[parseIdentity(name).Fold()]; one != nil {
		return one.id.String()
	}
	return name
}

func (m *model) addDomainAccounts(e *Estate) {
	for _, d := range e.DomainAccounts {
		in := m.domains[strings.ToLower(d.Domain)]
		for _, a := range d.Accounts {
			a.Name = a.Name[strings.LastIndexByte(a.Name, '\\')+1:]
			if a.Namespace == "" {
				a.Namespace = in.netbios
			}
			one := m.newAccount(a, System{Name: in.name, Type: "windows"})
			one.domain = in
			in.accounts = append(in.accounts, one)
		}
	}
}

func (m *model) addLists(e *Estate) {
	for _, l := range e.SharedLists {
		list := &sharedList{name: l.Name}
		for _, en := range l.Entries {
			one := m.newAccount(Account{Name: en.Account, Type: "passwordlist", Password: en.Password, CheckedOutBy: en.CheckedOutBy}, System{Name: en.System})
			one.list, one.label = list, en.System
			list.entries = append(list.entries, one)
		}
		m.lists = append(m.lists, list)
	}
}

func (m *model) expandSystems(e *Estate, patterns []string) []string {
	var out []string
	for _, o := range e.machines() {
		if anyMatches(patterns, o.item.Name) {
			out = append(out, o.item.Name)
		}
	}
	return out
}
