package redimtest

import (
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

func storedOperations() []*operation {
	account := nested("AccountIdentificationInfo", text("AccountName"),
		nested("AccountStore", text("CustomTypeName"), text("TargetName"), number("Type")), text("PasswordList"))
	const group = "AccountStoreOps_StoredCredential_"
	return []*operation{
		{name: group + "GetListForSystem", request: []field{text("SystemName")}, signed: true, run: listForSystem},
		{name: group + "CheckOut", request: []field{account, text("Comment")}, signed: true, run: checkOutStored},
		{name: group + "CheckIn", request: []field{account, text("Comment")}, signed: true, run: checkInStored},
		{name: group + "GetIgnoreCheckout", request: []field{account}, signed: true, run: readStored},
	}
}

func sameSecret(v secret.Value, given string) bool { return v.Equal(secret.FromString(given)) }

// listForSystem answers what the identity may see of one system, found by any
// of its names, or of one DNS domain.
func listForSystem(c *call) (any, error) {
	name := strings.ToLower(strings.TrimSuffix(c.in.str("SystemName"), "."))
	var accounts []*account
	s, d := c.systems[name], c.domains[name]
	switch {
	case s != nil:
		accounts = s.accounts
	case d != nil:
		accounts = d.accounts
	case c.service.UnknownSystem == "not_found":
		return nil, refuse(missing, "no system is named %s", c.in.str("SystemName"))
	}
	list := []any{}
	for _, a := range accounts {
		if c.may(c.who, permViewAccounts, a) {
			list = append(list, c.storedRecord(a))
		}
	}
	return list, nil
}

func (m *model) storedRecord(a *account) object {
	name := a.full()
	if strings.EqualFold(m.service.DomainNames, "bare") {
		name = a.name
	}
	var holder any
	if a.holder != "" {
		holder = a.holder
	}
	rec := record(
		member{"AccountName", name},
		member{"AccountStore", record(member{"CustomTypeName", a.customType}, member{"TargetName", a.target}, member{"Type", int(a.storeType)})},
		member{"AssetTag", a.assetTag},
		member{"AutoSpin", a.autoSpin},
		member{"CheckedOutBy", holder},
		member{"CheckOutExpires", nil},
		member{"IsRandomPassword", a.random},
		member{"LastChanged", a.changed},
		member{"Namespace", a.namespace},
		member{"SystemName", a.place()},
	)
	if a.holder != "" && !a.expires.IsZero() {
		rec.set("CheckOutExpires", a.expires)
	}
	return rec
}

// stored finds the account that a request names, and checks a permission.
func (c *call) stored(perm string) (*account, error) {
	info := c.in.obj("AccountIdentificationInfo")
	store := info.obj("AccountStore")
	a := c.storedNamed(info.str("AccountName"), store.str("TargetName"), store.str("CustomTypeName"), info.str("PasswordList"), pam.StoreType(store.num("Type")))
	return c.permitted(a, perm, info.str("AccountName")+" on "+store.str("TargetName"))
}

// permitted hides what the identity may not even see.
func (c *call) permitted(a *account, perm, asked string) (*account, error) {
	switch {
	case a == nil || !c.may(c.who, permViewAccounts, a):
		return nil, refuse(missing, "no stored credential for %s", asked)
	case !c.may(c.who, perm, a):
		return nil, refuse(denied, "%s lacks %s for %s", c.who.id, perm, asked)
	}
	return a, nil
}

func checkOutStored(c *call) (any, error) {
	a, err := c.stored(permViewPasswords)
	if err != nil {
		return nil, err
	}
	return c.release(a)
}

// release checks an account out and answers its password.
func (c *call) release(a *account) (any, error) {
	if err := c.checkOut(c.who, a, c.in.str("Comment"), c.address); err != nil {
		return nil, err
	}
	return derived(result(true, "checked out"), member{"Password", a.password}), nil
}

func checkInStored(c *call) (any, error) {
	a, err := c.stored(permViewPasswords)
	if err != nil {
		return nil, err
	}
	if err := c.checkIn(c.who, a, c.in.str("Comment"), c.address); err != nil {
		return nil, err
	}
	return result(true, "checked in"), nil
}

// readStored answers a password whoever holds the account.
func readStored(c *call) (any, error) {
	if !c.who.permissions.has(permIgnoreCheckout) {
		return nil, refuse(denied, "%s lacks %s", c.who.id, permIgnoreCheckout)
	}
	a, err := c.stored(permViewPasswords)
	if err != nil {
		return nil, err
	}
	c.events.add(event{at: c.now, login: c.who.id.String(), address: c.address, account: a, verb: "retrieved password for"})
	return derived(result(true, "retrieved"), member{"Password", a.password}), nil
}
