package redimtest

func sharedOperations() []*operation {
	entry := nested("SharedCredentialIdentifier", text("AccountName"), text("SharedCredentialListName"), text("SystemName"))
	const group = "AccountStoreOps_SharedCredential_"
	return []*operation{
		{name: group + "GetLists", signed: true, run: sharedLists},
		{name: group + "GetListEntries", request: []field{text("SharedCredentialListName")}, signed: true, run: sharedEntries},
		{name: group + "CheckOut", request: []field{text("Comment"), entry}, signed: true, run: checkOutShared},
		{name: group + "CheckIn", request: []field{text("Comment"), entry}, signed: true, run: checkInShared},
	}
}

// visible lists the entries of a list that the identity may see.
func (c *call) visible(l *sharedList) []*account {
	var out []*account
	for _, a := range l.entries {
		if c.may(c.who, permViewAccounts, a) {
			out = append(out, a)
		}
	}
	return out
}

func sharedLists(c *call) (any, error) {
	var names []string
	for _, l := range c.lists {
		if len(c.visible(l)) > 0 {
			names = append(names, l.name)
		}
	}
	return listValues(names), nil
}

// listValues is the service's form of a list of names.
func listValues(names []string) object {
	values := []any{}
	for _, n := range names {
		values = append(values, record(member{"Value", n}))
	}
	return record(member{"ListValues", values})
}

func sharedEntries(c *call) (any, error) {
	l := c.listNamed(c.in.str("SharedCredentialListName"))
	if l == nil || len(c.visible(l)) == 0 {
		return nil, refuse(missing, "no shared credential list is named %s", c.in.str("SharedCredentialListName"))
	}
	list := []any{}
	for _, a := range c.visible(l) {
		var holder any
		if a.holder != "" {
			holder = a.holder
		}
		list = append(list, record(member{"AccountName", a.name}, member{"CheckedOutBy", holder},
			member{"SharedCredentialListName", l.name}, member{"SystemName", a.label}))
	}
	return list, nil
}

// shared finds the entry that a request names.
func (c *call) shared() (*account, error) {
	id := c.in.obj("SharedCredentialIdentifier")
	list, label, name := id.str("SharedCredentialListName"), id.str("SystemName"), id.str("AccountName")
	return c.permitted(c.entryNamed(list, label, name), permViewPasswords, name+" on "+label+" in "+list)
}

func checkOutShared(c *call) (any, error) {
	a, err := c.shared()
	if err != nil {
		return nil, err
	}
	return c.release(a)
}

func checkInShared(c *call) (any, error) {
	a, err := c.shared()
	if err != nil {
		return nil, err
	}
	return void{}, c.checkIn(c.who, a, c.in.str("Comment"), c.address)
}
