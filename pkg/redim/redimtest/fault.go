package redimtest

import "net/http"

type faultSet struct{}

func (s *Server) SetFaults(specs ...string) error { return nil }

func (s *Server) serveFaulty(w http.ResponseWriter, r *http.Request, d dialect, op *operation) {
	s.count(op)
	s.answer(r, d, op).send(w)
}

func (s *Server) count(op *operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[op.name]++
}
