package redimtest

import (
	"crypto/sha256"
	"net/http"
	"slices"
)

// operation is one entry of the service's register. The shape holds for every
// dialect: a dialect only decides at which address the operation is, and where
// its members stand.
type operation struct {
	name      string
	request   []field // besides the token
	signed    bool    // needs a token
	login     bool    // answers a token
	bare      bool    // answers a bare string
	newest    bool    // in JSON V2 only
	resources []resource
	run       func(*call) (any, error)
}

// resource is one address of an operation below the REST interface.
type resource struct {
	method string
	path   string
	query  []queryName
	only   bool // the operation is there and nowhere else
}

// queryName is a name in the query, and the member of the request that it is.
type queryName struct{ name, member string }

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
	windows string   // NAME@REALM whom the web server has authenticated; empty: nobody
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
	for _, group := range [][]*operation{loginOperations(), storedOperations(), sharedOperations(), queryOperations(), setOperations(), jobOperations(), restOperations()} {
		all = append(all, group...)
	}
	return all
}

func operationNames() []string {
	var names []string
	for _, o := range operations() {
		names = append(names, o.name)
		for _, r := range o.resources {
			names = append(names, r.path)
		}
	}
	return names
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
