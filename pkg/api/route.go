package api

import (
	"net/http"
	"slices"
	"strings"
)

// route is one call of the API.
type route struct {
	method, path string
	needs        need
	answer       func(*call) error
	allow        string // the methods of the path
}

// need is what a call has to bring.
type need int

const (
	needNothing need = iota // open to everybody who gets here
	needSource              // the address has to be known
	needToken               // and a token to be good from there
	needKnown               // the same; the call itself makes sure of it
	needLease               // and the lease that the path names to be the caller's
	needNear                // the caller is on this machine
)

// routes lists every call there is.
func (a *API) table() []route {
	return []route{
		{http.MethodPost, "/v1/login", needSource, a.logIn, ""},
		{http.MethodPost, "/v1/logout", needSource, a.logOut, ""},
		{http.MethodGet, "/v1/credentials", needToken, a.credentials, ""},
		{http.MethodPost, "/v1/checkouts", needKnown, a.checkOut, ""},
		{http.MethodGet, "/v1/checkouts", needToken, a.checkouts, ""},
		{http.MethodGet, "/v1/checkouts/{id}", needLease, a.checkout, ""},
		{http.MethodPost, "/v1/checkouts/{id}/checkin", needLease, a.checkIn, ""},
		{http.MethodPost, "/v1/checkouts/{id}/extend", needLease, a.extend, ""},
		{http.MethodGet, "/v1/requests", needToken, a.requests, ""},
		{http.MethodGet, "/v1/requests/{id}", needToken, a.request, ""},
		{http.MethodPost, "/v1/requests/{id}/drop", needToken, a.drop, ""},
		{http.MethodGet, "/openapi.json", needNothing, a.document, ""},
		{http.MethodGet, "/healthz", needNear, a.healthy, ""},
		{http.MethodGet, "/readyz", needNear, a.ready, ""},
		{http.MethodGet, "/metrics", needNear, a.metrics, ""},
	}
}

// newMux serves the table. A path with another method is answered with those
// that it has, and any other path is no call.
func (a *API) newMux() *http.ServeMux {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	table := a.table()
	for _, r := range table {
		methods[r.path] = append(methods[r.path], r.method)
	}
	for _, r := range table {
		slices.Sort(methods[r.path])
		r.allow = strings.Join(methods[r.path], ", ")
		mux.Handle(r.method+" "+r.path, a.serve(r))
	}
	for path, allowed := range methods {
		mux.Handle(path, a.serve(route{method: "none", path: path, allow: strings.Join(allowed, ", ")}))
	}
	mux.Handle("/", a.serve(route{path: "none", answer: func(*call) error { return errNoCall }}))
	return mux
}

// ServeHTTP answers one call. What ServeMux would redirect is no call here.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !plainPath(r) {
		a.serve(route{path: "none", answer: func(*call) error { return errNoCall }}).ServeHTTP(w, r)
		return
	}
	a.mux.ServeHTTP(w, r)
}

// plainPath reports whether a path stands as the table writes them: no dots, no
// empty parts, nothing encoded, for a proxy before us may have read those
// otherwise.
func plainPath(r *http.Request) bool {
	path := r.URL.Path
	if r.RequestURI == "*" || r.Method == http.MethodConnect || len(path) > 256 || r.URL.RawPath != "" || !strings.HasPrefix(path, "/") {
		return false
	}
	raw, _, _ := strings.Cut(r.RequestURI, "?")
	return !strings.Contains(path, "//") && !strings.Contains(path, "/.") && !strings.ContainsAny(raw, "%\\;")
}
