package config

import (
	"net/url"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Helper says what the helpers of other programs hand out, and for whom.
type Helper struct {
	User        string                  // the session's user; empty: nobody said
	Credentials map[string]pam.Selector // by the servers, as they are written
}

// Find returns the credential of a server at a host, with its port where that is
// not the scheme's own, and a path. Of several entries that fit the one with the
// longest path counts. The name is the entry's, in one spelling.
func (h Helper) Find(host, path string) (name string, s pam.Selector, ok bool) {
	want, err := ServerName(host + "/" + path)
	for err == nil {
		for entry, s := range h.Credentials {
			if name, _ := ServerName(entry); name == want {
				return name, s, true
			}
		}
		i := strings.LastIndexByte(want, '/')
		if i < 0 {
			break
		}
		want = want[:i]
	}
	return "", pam.Selector{}, false
}

// ServerName is a server in one spelling: the host in lower case, its port
// unless that is 443, and a path without a slash at its end. A text may begin
// with https://, and with no other scheme. Whatever else is ErrUsage.
func ServerName(text string) (string, error) {
	text = strings.TrimSpace(text)
	rest := text
	if scheme, after, cut := strings.Cut(text, "://"); cut {
		if !strings.EqualFold(scheme, "https") {
			return "", badServer(text)
		}
		rest = after
	}
	host, path, _ := strings.Cut(rest, "/")
	host = hostName(host)
	u, err := url.Parse("https://" + host)
	if err != nil || u.Host != host || hostName(host) != host || !validHost(u) || pam.CheckText("server", text) != nil || strings.ContainsAny(path, "?#@ ") || hasDots(path) {
		return "", badServer(text)
	}
	if path = strings.Trim(path, "/"); path != "" {
		return host + "/" + path, nil
	}
	return host, nil
}

// hostName leaves out of a host what may be left out.
func hostName(host string) string {
	return strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(host), ":443"), ".")
}

// hasDots reports whether a path may lead elsewhere than it begins, as in team/../x.
func hasDots(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// badServer repeats nothing that may be a password in a URL.
func badServer(text string) error {
	if strings.Contains(text, "@") {
		text = "a text with an @"
	}
	return pam.Failf(pam.ErrUsage, "%q is not a server", text).WithHint("write it like git.example.com, git.example.com/team, registry.example.com:5000 or https://index.docker.io/v1/")
}

// foldServer is what tells two entries apart.
func foldServer(name string) string {
	if server, err := ServerName(name); err == nil {
		return strings.ToLower(server)
	}
	return foldName(name)
}

// assignServers takes every entry that is right and reports the others.
func assignServers(field *map[string]pam.Selector, k Key, v value) []Problem {
	var out []Problem
	servers := map[string]pam.Selector{}
	lines := map[string]Origin{}
	for _, e := range v.entries {
		_, err := ServerName(e.name)
		if err != nil {
			out = append(out, fromError(k.Name, e.origin, err))
			continue
		}
		s, err := pam.ParseSelector(e.text)
		if err != nil {
			out = append(out, fromError(k.Name, e.origin, err))
			continue
		}
		name := foldServer(e.name)
		if first, twice := lines[name]; twice {
			out = append(out, serverTwice(k.Name, e, first))
			continue
		}
		servers[strings.TrimSpace(e.name)], lines[name] = s, e.origin
	}
	*field = servers
	return out
}

func serverTwice(key string, e entry, first Origin) Problem {
	return twiceProblem(key, e.name, first, e.origin).hint("keep one of them; case, https:// and a slash at the end make no difference")
}

func showServers(servers map[string]pam.Selector) (string, any) {
	m := make(map[string]string, len(servers))
	for name, s := range servers {
		m[name] = s.String()
	}
	return showMap(m)
}

func checkUser(text string) error {
	if text == "" {
		return nil
	}
	_, err := pam.ParseUser(text)
	return err
}

// checkHelper warns of servers for which nobody signs in.
func (s *Settings) checkHelper() []Problem {
	if len(s.Helper.Credentials) == 0 || s.Helper.User != "" {
		return nil
	}
	return []Problem{s.at("helper.credentials", "helper.user is not set, so each helper needs --user").warning().hint("set helper.user to the session's user: docker can't be told to pass flags")}
}
