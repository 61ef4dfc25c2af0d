package redimtest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// SetFaults replaces the faults on demand. Each has the form
// [OPERATION:]KIND[=VALUE][*TIMES][,after=N][,times=N][,retry-after=SECONDS];
// docs/simulate.md lists the kinds. None ends all faults. When one is wrong
// (pam.ErrUsage) the faults stay as they were.
func (s *Server) SetFaults(specs ...string) error {
	set := make([]*fault, 0, len(specs))
	for _, spec := range specs {
		f, err := parseFault(spec)
		if err != nil {
			return err
		}
		set = append(set, f)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = set
	return nil
}

// Faults returns the faults as they were given.
func (s *Server) Faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var specs []string
	for _, f := range s.faults {
		specs = append(specs, f.spec)
	}
	return specs
}

// struck counts a request and returns the faults that hit it.
func (s *Server) struck(op *operation) []*fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[op.name]++
	var hits []*fault
	for _, f := range s.faults {
		if f.strikes(op) {
			hits = append(hits, f)
		}
	}
	return hits
}

// serveFaulty answers with what goes wrong on demand. The body is read first:
// only then does the server notice a client that goes away.
func (s *Server) serveFaulty(w http.ResponseWriter, r *http.Request, a address) {
	hits := s.struck(a.op)
	body, err := io.ReadAll(io.LimitReader(r.Body, maxMessage+1))
	if err != nil {
		return // the client went away
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	for _, f := range hits {
		if f.kind == faultLate { // nobody waits for the answer
			time.AfterFunc(f.duration, func() { s.answer(r, a, hits) })
			panic(http.ErrAbortHandler)
		}
		if instead := s.before(w, r, f); instead != nil {
			instead.send(w)
			return
		}
	}
	answer := s.answer(r, a, hits)
	for _, f := range hits {
		after(w, answer, f)
	}
	answer.send(w)
}

// before does what a fault does ahead of the operation. A reply means that the
// operation is not carried out.
func (s *Server) before(w http.ResponseWriter, r *http.Request, f *fault) *reply {
	var instead reply
	switch f.kind {
	case faultDelay:
		wait(r, time.After(f.duration))
		return nil
	case faultHang:
		wait(r, nil)
		return nil
	case faultDrop:
		panic(http.ErrAbortHandler)
	case faultSkew:
		wrong := time.Now().Add(f.duration) //nolint:forbidigo // the header's clock is the machine's, whatever the service's is
		w.Header().Set("Date", wrong.UTC().Format(http.TimeFormat))
		return nil
	case faultRevoke:
		s.RevokeTokens()
		return nil
	case faultStatus:
		instead = f.statusReply()
	case faultHTML:
		instead = page(http.StatusOK, "Sign in", "Please sign in to the network to go on.")
	case faultOversized:
		instead = reply{status: http.StatusOK, contentType: typeJSON, body: oversized(f.size)}
	case faultRedirect:
		instead = page(http.StatusTemporaryRedirect, "Moved", "The service has moved.")
		instead.header = http.Header{"Location": {redirectTo(f.target, r.URL).String()}}
	default:
		return nil
	}
	return &instead
}

// after spoils the answer of an operation that was carried out.
func after(w http.ResponseWriter, answer reply, f *fault) {
	switch f.kind {
	case faultDropReply:
		panic(http.ErrAbortHandler)
	case faultTruncate:
		if len(answer.body) == 0 {
			panic(http.ErrAbortHandler)
		}
		answer.sendHeader(w)
		_, _ = w.Write(answer.body[:len(answer.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// wait returns when done fires; when the client goes away or the server ends
// first, the request ends without an answer.
func wait(r *http.Request, done <-chan time.Time) {
	select {
	case <-done:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

func (f *fault) statusReply() reply {
	out := page(f.status, http.StatusText(f.status), "The service is not available at present.")
	if f.status <= http.StatusInternalServerError {
		out = jsonReply(f.status, result(false, "a fault on demand"))
	}
	if f.retryAfter >= 0 {
		out.header = http.Header{"Retry-After": {strconv.Itoa(int(f.retryAfter.Seconds()))}}
	}
	return out
}

// oversized is a JSON string of exactly size bytes, quotes included.
func oversized(size int) []byte {
	b := bytes.Repeat([]byte{'x'}, size)
	b[0], b[size-1] = '"', '"'
	return b
}

// redirectTo is target, with the path asked for where it has none of its own.
func redirectTo(target, asked *url.URL) *url.URL {
	to := *target
	if to.Path == "" || to.Path == "/" {
		to.Path, to.RawPath, to.RawQuery = asked.Path, asked.RawPath, asked.RawQuery
	}
	return &to
}
