package redimtest

import "net/http"

func (s *Server) helpPage(r *http.Request, d dialect, rest string) reply { return notFound() }
