package redimtest

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// control answers what only a stand-in has, to callers on this machine only.
func (s *Server) control(r *http.Request) reply {
	addr, err := netip.ParseAddr(remoteHost(r))
	if err != nil || !addr.Unmap().IsLoopback() {
		return notFound()
	}
	switch strings.TrimPrefix(r.URL.Path, "/-/") {
	case "stats":
		return plainJSON(s.Stats())
	case "events":
		return plainJSON(s.Events())
	}
	return notFound()
}

// plainJSON is ordinary JSON: these answers are ours, not the framework's.
func plainJSON(v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		return page(http.StatusInternalServerError, "Error", err.Error())
	}
	return reply{status: http.StatusOK, contentType: "application/json", body: append(body, '\n')}
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
