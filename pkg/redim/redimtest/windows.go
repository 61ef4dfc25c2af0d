package redimtest

import (
	"context"
	"net/http"
)

type windowsKey struct{}

// authenticate is what a web server with Windows authentication does before it
// lets a request through to the service.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	if s.windows == nil {
		return r, true
	}
	principal := s.windows(w.Header(), r)
	if principal == "" {
		page(http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized), "You may not see this page without signing in.").send(w)
		return r, false
	}
	return r.WithContext(context.WithValue(r.Context(), windowsKey{}, principal)), true
}
