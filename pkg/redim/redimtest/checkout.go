package redimtest

import (
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// settle brings the model up to the present: check-outs end, jobs run.
func (m *model) settle() {
	for a := range m.held {
		if !m.now.Before(a.expires) {
			m.events.add(event{number: 2004, at: a.expires, login: a.holder, account: a, verb: "check-out expired for"})
			m.free(a)
		}
	}
	m.runJobs()
}

func (m *model) free(a *account) {
	if a.count > 0 {
		m.tally.open--
	}
	a.holder, a.count = "", 0
	a.expires = m.now
	delete(m.held, a)
}

// checkOut lets an identity hold an account. Holding it already is fine and
// starts the time anew.
func (m *model) checkOut(who *identity, a *account, comment, address string) error {
	name := who.id.String()
	if a.holder != "" && a.holder != name {
		return refuse(conflict, "%s is checked out by %s", a.full(), a.holder)
	}
	m.tally.made++
	if a.count == 0 {
		m.tally.open++
	}
	a.count++
	a.holder, a.expires = name, m.now.Add(m.service.CheckoutLifetime)
	m.held[a] = true
	m.events.add(event{number: 2002, at: m.now, login: name, address: address, account: a, verb: "checked-out password for", note: comment})
	return nil
}

// checkIn gives an account back. AllAccess may do so for somebody else.
func (m *model) checkIn(who *identity, a *account, comment, address string) error {
	name := who.id.String()
	switch {
	case a.holder == "":
		return refuse(missing, "%s is not checked out", a.full())
	case a.holder != name && !who.permissions.has(permAllAccess):
		return refuse(conflict, "%s is checked out by %s", a.full(), a.holder)
	}
	m.tally.checkedIn += max(a.count, 1)
	m.free(a)
	m.events.add(event{number: 2003, at: m.now, login: name, address: address, account: a, verb: "checked-in password for", note: comment})
	return nil
}

// storedNamed finds an account by the way a check-out names it.
func (m *model) storedNamed(name, target, customType, list string, t pam.StoreType) *account {
	if t == pam.StorePasswordList {
		return m.entryNamed(list, target, name)
	}
	for _, a := range m.candidates(name, target) {
		if a.storeType == t && strings.EqualFold(a.customType, customType) && a.answersTo(name) && m.atTarget(a, target) {
			return a
		}
	}
	return nil
}

// candidates are the accounts of the system or domain that a target names,
// and those of the domain that the account's name begins with.
func (m *model) candidates(name, target string) []*account {
	place, _, _ := strings.Cut(target, `\`)
	var out []*account
	if s := m.systems[strings.ToLower(place)]; s != nil {
		out = append(out, s.accounts...)
	}
	if d := m.domains[strings.ToLower(place)]; d != nil {
		out = append(out, d.accounts...)
	}
	if front, _, ok := strings.Cut(name, `\`); ok {
		if d := m.netbios[strings.ToLower(front)]; d != nil {
			out = append(out, d.accounts...)
		}
	}
	return out
}

func (a *account) answersTo(name string) bool {
	return strings.EqualFold(name, a.name) || a.domain != nil && strings.EqualFold(name, a.full())
}

// atTarget reports whether target is where the account lives. A domain account
// may be named through any Windows system that the service knows.
func (m *model) atTarget(a *account, target string) bool {
	place, rest, cut := strings.Cut(target, `\`)
	if a.domain != nil {
		return !cut && (strings.EqualFold(place, a.domain.name) || m.systems[strings.ToLower(place)] != nil)
	}
	_, instance, cutHere := strings.Cut(a.target, `\`)
	return m.systems[strings.ToLower(place)] == a.system && cut == cutHere && strings.EqualFold(rest, instance)
}

func (m *model) listNamed(name string) *sharedList {
	for _, l := range m.lists {
		if strings.EqualFold(l.name, name) {
			return l
		}
	}
	return nil
}

func (m *model) entryNamed(list, label, name string) *account {
	l := m.listNamed(list)
	if l == nil {
		return nil
	}
	for _, a := range l.entries {
		if strings.EqualFold(a.label, label) && strings.EqualFold(a.name, name) {
			return a
		}
	}
	return nil
}
