package redimtest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/secret"
)

func get(path string, query ...queryName) []resource {
	return []resource{{method: http.MethodGet, path: path, query: query}}
}

func post(path string) []resource {
	return []resource{{method: http.MethodPost, path: path}}
}

// only marks resources of an operation that no other interface has.
func only(resources []resource) []resource {
	for i := range resources {
		resources[i].only = true
	}
	return resources
}

// restOperations are those that were seen in the REST interface alone. They are
// named by their resource.
func restOperations() []*operation {
	const store, refresh, identities = "StoredCredential", "Job/RefreshAndDiscoverWindows", "Delegation/Identity"
	credential := []field{
		text("AccountName"), text("AssetTag"), text("AssociatedGroup"), text("Comment"), text("Namespace"),
		number("OverwriteSettings"), text("Password"), text("SystemName"),
	}
	job := []field{nested("JobInfoBase", fieldsOf(defaultBase())...), nested("ScheduleInfo", fieldsOf(defaultSchedule())...), text("SystemList")}
	return []*operation{
		{name: store, request: credential, signed: true, run: storeCredential, resources: only(post(store))},
		{name: refresh, request: job, signed: true, run: createRefresh, resources: only(post(refresh))},
		{name: identities, signed: true, run: listIdentities, resources: only(get(identities))},
	}
}

// storeCredential sets the password of an account, which is made when it is not
// there, and puts its system into a management set.
func storeCredential(c *call) (any, error) {
	if err := c.need(permAddPasswords); err != nil {
		return nil, err
	}
	s := c.systems[strings.ToLower(c.in.str("SystemName"))]
	switch {
	case s == nil:
		return nil, refuse(missing, "no system is named %s", c.in.str("SystemName"))
	case c.in.str("AccountName") == "" || c.in.str("Password") == "":
		return nil, refuse(badRequest, "the account has no name or no password")
	}
	a := c.accountOf(s)
	a.password, a.changed = secret.FromString(c.in.str("Password")), c.now
	c.join(s, c.in.str("AssociatedGroup"))
	return result(true, "stored"), nil
}

// accountOf finds the account that a request names on a system, or makes it.
func (c *call) accountOf(s *system) *account {
	name, namespace := c.in.str("AccountName"), c.in.str("Namespace")
	i := slices.IndexFunc(s.accounts, func(a *account) bool {
		return strings.EqualFold(a.name, name) && (namespace == "" || strings.EqualFold(a.namespace, namespace))
	})
	if i >= 0 {
		return s.accounts[i]
	}
	kind := "windows"
	if strings.EqualFold(strings.Trim(namespace, "[]"), "linux") {
		kind = "linux"
	}
	a := c.newAccount(Account{Name: name, Namespace: namespace, AssetTag: c.in.str("AssetTag"), Type: kind}, System{Name: s.name})
	a.system = s
	s.accounts = append(s.accounts, a)
	return a
}

// join puts a system into a management set, if there is one of that name.
func (c *call) join(s *system, set string) {
	i := slices.IndexFunc(c.sets, func(m *managementSet) bool { return strings.EqualFold(m.name, set) })
	if i >= 0 && !slices.Contains(c.sets[i].systems, s.name) {
		c.sets[i].systems = append(c.sets[i].systems, s.name)
	}
}

// createRefresh makes a job that looks at systems anew, which changes nothing
// here.
func createRefresh(c *call) (any, error) {
	if err := c.need(permCreateRefresh); err != nil {
		return nil, err
	}
	systems := strings.TrimSpace(c.in.str("SystemList"))
	if systems == "" {
		return nil, refuse(badRequest, "the job names no system")
	}
	c.nextJob++
	c.jobs[c.nextJob] = &job{
		id: c.nextJob, by: c.who.id.String(), systems: systems, due: c.now, settings: blank(defaultSettings()),
		base:     overlay(blank(defaultBase()), c.in.obj("JobInfoBase")),
		schedule: overlay(blank(defaultSchedule()), c.in.obj("ScheduleInfo")),
		status:   jobSucceeded, message: "the systems were refreshed",
	}
	c.tally.jobsCreated++
	return c.jobReply(c.nextJob), nil
}

// The service's kinds of delegation identity.
const (
	kindExplicit   = 0
	kindDomainUser = 1
	kindRole       = 4
	kindLDAP       = 7
)

// listIdentities answers who holds delegated rights: roles first, then
// identities, by name.
func listIdentities(c *call) (any, error) {
	if err := c.need(permViewDelegation); err != nil {
		return nil, err
	}
	var people []*identity
	for _, one := range c.identities {
		people = append(people, one)
	}
	slices.SortFunc(people, func(a, b *identity) int { return strings.Compare(a.id.String(), b.id.String()) })
	list := []any{}
	for _, r := range c.roles {
		list = append(list, identityRecord(r.Name, kindRole, newPermissions(r.Permissions...)))
	}
	for _, one := range people {
		list = append(list, identityRecord(one.id.String(), c.kindOf(one), one.permissions))
	}
	return list, nil
}

func (c *call) kindOf(one *identity) int {
	switch {
	case one.id.Domain == "":
		return kindExplicit
	case c.netbios[strings.ToLower(one.id.Domain)] != nil:
		return kindDomainUser
	}
	return kindLDAP
}

func identityRecord(name string, kind int, given permissions) object {
	o := object{
		{"AccountName", name}, {"DisplayName", name}, {"EmailAddress", ""}, {"IsDomainAccount", kind},
		{"AlertOnRecovery", false}, {"AlertOnRequest", false},
	}
	for _, p := range permissionNames() {
		o = append(o, member{"Permission" + p, given.has(p)})
	}
	return record(o...)
}
