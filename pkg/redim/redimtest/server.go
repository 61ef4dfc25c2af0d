package redimtest

import (
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Server is the stand-in as an http.Handler: a stateful model of the service.
// All methods are safe for concurrent use.
type Server struct {
	clock      func() time.Time
	interfaces map[string]addresses // by the dialect's name
	help       bool
	windows    func(http.Header, *http.Request) string // nil: anybody may ask

	mu     sync.Mutex
	model  *model
	ahead  time.Duration // how far Advance has put the clock forward
	counts map[string]int64
	faults []*fault
}

// New makes a server of an estate. An estate or a fault that makes no sense is
// pam.ErrUsage.
func New(opts Options) (*Server, error) {
	estate := opts.Estate
	if estate == nil {
		estate = SampleEstate()
	}
	over := *estate
	if opts.Errors != "" {
		over.Service.Errors = opts.Errors
	}
	if opts.Dialect != "" {
		over.Service.Dialects = []string{opts.Dialect}
	}
	estate = &over
	if faults := estate.check(); len(faults) > 0 {
		return nil, estateFailure("estate", unlocated(faults))
	}
	s := &Server{clock: opts.Now, counts: map[string]int64{}, help: !estate.Service.NoHelpPage, windows: opts.Windows, interfaces: map[string]addresses{}}
	if s.clock == nil {
		s.clock = time.Now //nolint:forbidigo // the default of the clock that is handed in
	}
	for _, d := range dialects() {
		if estate.Service.speaks(d) {
			s.interfaces[d.name] = estate.Service.addresses(d)
		}
	}
	s.model = newModel(estate, s.clock(), opts.apiUser(estate), opts.APIPassword)
	if opts.JobDuration != 0 {
		s.model.service.JobDuration = opts.JobDuration
	}
	return s, s.SetFaults(opts.Faults...)
}

// wireName is the name that an installation gives to an operation.
func wireName(renamed map[string]string, name string) string {
	for from, to := range renamed {
		if strings.EqualFold(from, name) {
			return to
		}
	}
	return name
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/-/") {
		s.control(r).send(w)
		return
	}
	var allowed bool
	if r, allowed = s.authenticate(w, r); !allowed {
		return
	}
	d, base, rest, ok := split(r.URL.Path)
	there := s.interfaces[d.name]
	if !ok || there == nil {
		page(http.StatusNotFound, "Not Found", "There is nothing at this address.").send(w)
		return
	}
	if lower := strings.ToLower(rest); lower == "help" || strings.HasPrefix(lower, "help/") {
		s.helpPage(r, there, base, rest).send(w)
		return
	}
	a, allow := there.find(r.Method, rest)
	switch {
	case a.op != nil:
		s.serveFaulty(w, r, a)
	case len(allow) > 0:
		wrongMethod(strings.Join(allow, ", ")).send(w)
	default:
		notFound().send(w)
	}
}

// answer carries out an operation; of the faults only those count that change
// what it does.
func (s *Server) answer(r *http.Request, a address, hits []*fault) reply {
	op := a.op
	in, bad := readRequest(r, a)
	if bad != nil {
		return *bad
	}
	c := &call{in: in, token: tokenOf(r, in), address: remoteHost(r), faults: hits}
	c.cert, c.subject = callerCert(r)
	c.windows, _ = r.Context().Value(windowsKey{}).(string)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.model = s.present()
	v, err := c.perform(op)
	if err != nil {
		return refused(s.model.service.Errors, op, err)
	}
	return jsonReply(http.StatusOK, v)
}

// present brings the model up to now. The caller holds the lock.
func (s *Server) present() *model {
	s.model.now = s.clock().Add(s.ahead).UTC()
	s.model.settle()
	return s.model
}

// perform checks the token where one is needed, and runs the operation.
func (c *call) perform(op *operation) (any, error) {
	if op.signed {
		session := c.session(c.token)
		if session == nil {
			return nil, refuse(badToken, "the token is unknown or has expired")
		}
		if session.certHash != [32]byte{} && session.certHash != c.cert {
			return nil, refuse(badToken, "the client certificate of the log-in is missing")
		}
		c.who, c.via = session.identity, session.via
	}
	return op.run(c)
}

// tokenOf is the token of a request: in the header when it reads, in the body
// when it writes.
func tokenOf(r *http.Request, in object) string {
	if r.Method == http.MethodGet {
		return r.Header.Get(tokenMember)
	}
	return in.str(tokenMember)
}

// readRequest reads the request as strictly as the framework: a GET's members
// are in the query, those of anything else in the body.
func readRequest(r *http.Request, a address) (object, *reply) {
	bad := func(why string) (object, *reply) { page := requestError(why); return nil, &page }
	if a.method == http.MethodGet {
		in, err := a.op.shape().conformObject(a.fromQuery(r))
		if err != nil {
			return bad(err.Error())
		}
		return in, nil
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxMessage))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		tooLarge := page(http.StatusRequestEntityTooLarge, "Request Error", "The message is larger than the service takes.")
		return nil, &tooLarge
	case err != nil:
		return bad("the message could not be read")
	case kind != "application/json" && kind != "text/json":
		return bad("the content type is not one of JSON")
	case len(body) == 0:
		return bad("the message is empty")
	}
	raw, err := readJSON(body)
	if err != nil {
		return bad(err.Error())
	}
	if raw == nil {
		return bad("the message is null")
	}
	in, err := a.op.shape().conformObject(raw)
	if err != nil {
		return bad(err.Error())
	}
	return in, nil
}

// Stats returns the counters.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.present().tally.stats(maps.Clone(s.counts))
}

// Events returns the audit trail, oldest first; a long run keeps the newest
// 25,000 to 50,000.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.present().events.kept)
}

// Jobs returns all jobs, templates too, by id.
func (s *Server) Jobs() []Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Job
	for _, id := range slices.Sorted(maps.Keys(s.present().jobs)) {
		j := s.model.jobs[id]
		out = append(out, Job{j.id, j.template, j.comment, j.by, j.systems, j.settings.str("FullAccountName"), j.status, j.message})
	}
	return out
}

// Password returns the present password of a stored account, named by its
// system (any name) or DNS domain, or of a shared entry, named LIST: SYSTEM.
// It is empty when there is no such account.
func (s *Server) Password(system, account string) secret.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.present()
	if list, label, ok := strings.Cut(system, ": "); ok {
		if a := m.entryNamed(list, label, account); a != nil {
			return a.password
		}
		return secret.Value{}
	}
	for _, a := range m.candidates("", system) {
		if a.answersTo(account) {
			return a.password
		}
	}
	return secret.Value{}
}

// IdentityPassword returns the password that an identity signs in with.
func (s *Server) IdentityPassword(id pam.Identity) secret.Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.model.identities[id.Fold()]; one != nil {
		return one.password
	}
	return secret.Value{}
}

// Advance puts the service's clock forward: tokens and check-outs end sooner,
// jobs become due. The Date header stays with the real time.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// RevokeTokens makes every token given out so far invalid.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.model.sessions)
}
