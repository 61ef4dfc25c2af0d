package redimtest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// control answers what only a stand-in has, to callers on this machine only.
func (s *Server) control(r *http.Request) reply {
	addr, err := netip.ParseAddr(remoteHost(r))
	if err != nil || !addr.Unmap().IsLoopback() {
		return notFound()
	}
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch name := strings.TrimPrefix(r.URL.Path, "/-/"); {
	case name == "stats" && read:
		return plainJSON(s.Stats())
	case name == "events" && read:
		return plainJSON(s.Events())
	case name == "jobs" && read:
		return plainJSON(s.Jobs())
	case name == "faults" && read:
		return plainText(http.StatusOK, strings.Join(s.Faults(), "\n"))
	case name == "stats" || name == "events" || name == "jobs":
		return wrongMethod("GET, HEAD")
	case name == "faults" || name == "advance" || name == "revoke":
		if r.Method != http.MethodPost {
			return wrongMethod("POST")
		}
		return s.change(name, r)
	}
	return notFound()
}

// change carries out what a script posts.
func (s *Server) change(name string, r *http.Request) reply {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxMessage))
	if err != nil {
		return plainText(http.StatusBadRequest, "the body is too long or was cut")
	}
	switch name {
	case "faults":
		err = s.SetFaults(faultLines(string(body))...)
	case "revoke":
		s.RevokeTokens()
	case "advance":
		var d time.Duration
		if d, err = time.ParseDuration(strings.TrimSpace(string(body))); err == nil {
			s.Advance(d)
		}
	}
	if err != nil {
		return plainText(http.StatusBadRequest, err.Error())
	}
	return plainText(http.StatusOK, "ok")
}

// faultLines reads one fault a line; blank lines and those after # do not count.
func faultLines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

// plainJSON is ordinary JSON: these answers are ours, not the framework's.
func plainJSON(v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		return plainText(http.StatusInternalServerError, err.Error())
	}
	return reply{status: http.StatusOK, contentType: "application/json", body: append(body, '\n')}
}

func plainText(status int, text string) reply {
	if text != "" {
		text += "\n"
	}
	return reply{status: status, contentType: "text/plain; charset=utf-8", body: []byte(text)}
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
