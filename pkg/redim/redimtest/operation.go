package redimtest

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"strings"
)

// operation is one entry of the service's register. The shape holds for every
// dialect: a dialect only decides how a path finds the operation and where the
// token stands.
type operation struct {
	name    string
	request []field // besides the token
	signed  bool    // needs a token
	login   bool    // answers a token
	bare    bool    // answers a bare string
	run     func(*call) (any, error)
}

const tokenMember = "AuthenticationToken"

// shape is the contract of the whole request.
func (o *operation) shape() shape {
	members := o.request
	if o.signed {
		members = append([]field{text(tokenMember)}, members...)
	}
	return shape{kind: kindObject, members: members}
}

// call is one request to an operation, read and signed in.
type call struct {
	*model
	in      object
	who     *identity // nil before a log-in
	via     *identity // who impersonates, or nil
	token   string
	address string   // the caller's
	cert    [32]byte // hash of the caller's client certificate; zero without
	subject string   // that certificate's common name, once verified
	faults  []*fault // that hit this request
}

// hit reports whether a fault of a kind hit the request.
func (c *call) hit(kind string) bool {
	return slices.ContainsFunc(c.faults, func(f *fault) bool { return f.kind == kind })
}

// operations is the register. Names with an underscore follow the service's
// <Group>_<Verb>; which of them public material attests is the client's
// business (protocol reference, sections 3 and 13).
func operations() []*operation {
	var all []*operation
	for _, group := range [][]*operation{loginOperations(), storedOperations(), sharedOperations(), queryOperations(), setOperations(), jobOperations()} {
		all = append(all, group...)
	}
	return all
}

func operationNames() []string {
	var names []string
	for _, o := range operations() {
		names = append(names, o.name)
	}
	return names
}

// dialect is one way to address the operations.
type dialect struct {
	marker string // the path up to the operation ends so, in lower case
	method string
	token  func(r *http.Request, in object) string
}

// dialects lists those that the server speaks. JSON v1 and REST differ in the
// marker, in the method and in where the token stands.
func dialects() []dialect {
	return []dialect{
		{marker: "/json/v2/authservice.svc", method: http.MethodPost, token: tokenInBody},
	}
}

func tokenInBody(_ *http.Request, in object) string { return in.str(tokenMember) }

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

// lowerASCII keeps the length of path, so that an index into one is an index
// into the other.
func lowerASCII(path string) string {
	b := []byte(path)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// callerCert returns the hash and the name of a verified client certificate.
func callerCert(r *http.Request) (hash [32]byte, name string) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return hash, ""
	}
	leaf := r.TLS.VerifiedChains[0][0]
	return sha256.Sum256(leaf.Raw), leaf.Subject.CommonName
}
