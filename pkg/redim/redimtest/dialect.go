package redimtest

import (
	"net/http"
	"slices"
	"strings"
)

// dialect is one interface of the service.
type dialect struct {
	name      string
	marker    string // the path up to the operation ends so, in lower case
	resources bool   // addresses are those of resources, where an operation has one
}

// dialects lists those that the server speaks.
func dialects() []dialect {
	return []dialect{
		{name: "json-v2", marker: "/json/v2/authservice.svc"},
		{name: "json-v1", marker: "/authservice_json.svc"},
		{name: "rest", marker: "/authservice.svc/rest", resources: true},
	}
}

func dialectNames() []string {
	var names []string
	for _, d := range dialects() {
		names = append(names, d.name)
	}
	return names
}

// address is where one operation is in a dialect, and with which method.
type address struct {
	op     *operation
	name   string // of what carries it out
	method string
	path   string // below the interface
	query  []queryName
}

// template is the address as the help page shows it.
func (a address) template() string {
	var query []string
	for _, q := range a.query {
		query = append(query, q.name+"={"+strings.ToUpper(q.name)+"}")
	}
	return strings.TrimSuffix(a.path+"?"+strings.Join(query, "&"), "?")
}

// addresses are those of one dialect, by path in lower case.
type addresses map[string][]address

// addresses lists what an installation has at the interface of a dialect.
func (s Service) addresses(d dialect) addresses {
	out := addresses{}
	for _, o := range operations() {
		for _, a := range o.addresses(d) {
			if !s.lacks(o.name) && !s.lacks(a.path) {
				a.name, a.path = wireName(s.RenamedOperations, a.name), wireName(s.RenamedOperations, a.path)
				key := strings.ToLower(a.path)
				out[key] = append(out[key], a)
			}
		}
	}
	return out
}

// addresses are the resources of an operation, or else its name, which is
// where the framework puts an operation that has no address of its own.
func (o *operation) addresses(d dialect) []address {
	var out []address
	restOnly := false
	for _, r := range o.resources {
		restOnly = restOnly || r.only
		out = append(out, address{op: o, name: o.name, method: r.method, path: r.path, query: r.query})
	}
	switch {
	case d.resources && len(out) > 0:
		return out
	case restOnly, o.newest && d.name != dialects()[0].name:
		return nil
	}
	return []address{{op: o, name: o.name, method: http.MethodPost, path: o.name}}
}

func (s Service) lacks(name string) bool {
	return slices.ContainsFunc(s.MissingOperations, func(m string) bool { return strings.EqualFold(m, name) })
}

// speaks reports whether the installation has the interface of a dialect.
func (s Service) speaks(d dialect) bool {
	return len(s.Dialects) == 0 || slices.ContainsFunc(s.Dialects, func(n string) bool { return strings.EqualFold(n, d.name) })
}

// find is the address that a method reaches. Without one, allow lists the
// methods that there are.
func (as addresses) find(method, path string) (a address, allow []string) {
	for _, a := range as[strings.ToLower(path)] {
		if a.method == method {
			return a, nil
		}
		allow = append(allow, a.method)
	}
	return address{}, allow
}

// fromQuery is the request that a query makes up. Names are found without
// regard to case; one that is missing is an empty text.
func (a address) fromQuery(r *http.Request) object {
	given := map[string]string{}
	for name, values := range r.URL.Query() {
		given[strings.ToLower(name)] = values[0]
	}
	out := object{}
	for _, q := range a.query {
		out = append(out, member{q.member, given[strings.ToLower(q.name)]})
	}
	return out
}

// split finds the dialect of a path, the service's address in it, and what
// follows that address.
func split(path string) (d dialect, base, rest string, ok bool) {
	lower := lowerASCII(path)
	for _, d := range dialects() {
		if i := strings.Index(lower, d.marker); i >= 0 {
			end := i + len(d.marker)
			if end == len(path) || path[end] == '/' {
				return d, path[:end], strings.Trim(path[end:], "/"), true
			}
		}
	}
	return dialect{}, "", "", false
}
