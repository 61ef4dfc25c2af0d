package redimtest

import (
	"net/netip"
	"slices"
	"strings"
)

// nameTypeIP is the only name type whose meaning is known.
const nameTypeIP = 3

func queryOperations() []*operation {
	return []*operation{
		{name: "QueryTargetInfo_SystemName", request: []field{number("NameType"), text("SystemName")}, signed: true, bare: true, run: systemName},
	}
}

// systemName answers the name of the system at an address.
func systemName(c *call) (any, error) {
	if t := c.in.num("NameType"); t != nameTypeIP {
		return nil, refuse(badRequest, "name type %d is not supported", t)
	}
	addr, err := netip.ParseAddr(strings.TrimSpace(c.in.str("SystemName")))
	if err != nil {
		return nil, refuse(badRequest, "%q is not an IP address", c.in.str("SystemName"))
	}
	s := c.systems[addr.Unmap().String()]
	if s == nil {
		return nil, refuse(missing, "no system is known at %s", addr)
	}
	return s.name, nil
}

func setOperations() []*operation {
	name, systemToo := text("ManagementSetName"), text("SystemName")
	byName := queryName{"Name", "ManagementSetName"}
	const sets, linux = "ManagementSets", "ManagementSet/System/Linux"
	const group = "ManagementSetOps_"
	return []*operation{
		{name: group + "GetManagementSetList", signed: true, run: setList, resources: get(sets)},
		{name: group + "GetManagementSetInfo", request: []field{name}, signed: true, run: setInfo, resources: append(get("ManagementSet", byName), post("ManagementSet")...)},
		{name: group + "CreateManagementSet", request: []field{name}, signed: true, run: createSet, resources: post(sets)},
		{name: group + "GetLinuxSystemListForManagementSet", request: []field{name}, signed: true, run: linuxSystems, resources: get(linux, byName)},
		{name: group + "AddLinuxSystemToManagementSet", request: []field{name, systemToo}, signed: true, run: addToSet, resources: post(linux)},
		{name: group + "AddWindowsSystemToManagementSet", request: []field{name, systemToo}, signed: true, run: addToSet, resources: post("ManagementSet/System/Windows")},
	}
}

func (c *call) need(perm string) error {
	if !c.who.permissions.has(perm) {
		return refuse(denied, "%s lacks %s", c.who.id, perm)
	}
	return nil
}

func setList(c *call) (any, error) {
	var names []string
	for _, s := range c.sets {
		names = append(names, s.name)
	}
	return listValues(names), c.need(permViewSystems)
}

// set finds the management set that a request names.
func (c *call) set(perm string) (*managementSet, error) {
	if err := c.need(perm); err != nil {
		return nil, err
	}
	name := c.in.str("ManagementSetName")
	i := slices.IndexFunc(c.sets, func(s *managementSet) bool { return strings.EqualFold(s.name, name) })
	if i < 0 {
		return nil, refuse(missing, "no management set is named %s", name)
	}
	return c.sets[i], nil
}

func setInfo(c *call) (any, error) {
	s, err := c.set(permViewSystems)
	if err != nil {
		return nil, err
	}
	return record(member{"Name", s.name}, member{"SystemCount", len(s.systems)}), nil
}

func createSet(c *call) (any, error) {
	if _, err := c.set(permAllAccess); err == nil {
		return nil, refuse(conflict, "management set %s is there already", c.in.str("ManagementSetName"))
	} else if c.need(permAllAccess) != nil {
		return nil, err
	}
	if strings.TrimSpace(c.in.str("ManagementSetName")) == "" {
		return nil, refuse(badRequest, "the management set has no name")
	}
	c.sets = append(c.sets, &managementSet{name: c.in.str("ManagementSetName")})
	return result(true, "created"), nil
}

// linuxSystems answers those systems of a set that have a Unix account.
func linuxSystems(c *call) (any, error) {
	set, err := c.set(permViewSystems)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, name := range set.systems {
		s := c.systems[strings.ToLower(name)]
		if s != nil && slices.ContainsFunc(s.accounts, func(a *account) bool { return a.namespace == "[Linux]" }) {
			list = append(list, record(member{"SystemName", s.name}))
		}
	}
	return list, nil
}

func addToSet(c *call) (any, error) {
	set, err := c.set(permAllAccess)
	if err != nil {
		return nil, err
	}
	s := c.systems[strings.ToLower(c.in.str("SystemName"))]
	if s == nil {
		return nil, refuse(missing, "no system is named %s", c.in.str("SystemName"))
	}
	if !slices.Contains(set.systems, s.name) {
		set.systems = append(set.systems, s.name)
	}
	return result(true, "added"), nil
}
