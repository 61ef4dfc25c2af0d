package helper

import (
	"net/url"
	"strings"

	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/pam"
)

// server is what git or docker signs in to.
type server struct {
	scheme string // https or http
	host   string // with a port, where one was named
	path   string
}

// entry finds what the settings have for a server.
func (s server) entry(settings *config.Settings) (name string, selector pam.Selector, ok bool) {
	host := s.host
	if s.scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	}
	return settings.Helper.Find(host, s.path)
}

// judge refuses to have a password sent where others can read it.
func (s server) judge(program string, accepts func(risk string) bool) error {
	if s.scheme != "http" || accepts(config.RiskCleartext) {
		return nil
	}
	if u, err := url.Parse("http://" + s.host); err == nil && config.IsLoopback(u.Hostname()) {
		return nil
	}
	return pam.Failf(pam.ErrUsage, "%s would send the password readable over the network to http://%s", program, s.host).
		WithHint("use https there; or take the risk with --accept-risk=%s", config.RiskCleartext)
}

// isText refuses what no address holds.
func isText(what, text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }) {
		return pam.Failf(pam.ErrUsage, "the %s holds a control character", what).WithHint("somebody may be trying to have a password sent elsewhere: look at the address that it is asked for")
	}
	return nil
}
