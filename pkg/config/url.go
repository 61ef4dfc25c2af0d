package config

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxFallbacks bounds how many addresses a command may have to wait for.
const maxFallbacks = 8

// checkURLs judges all addresses of the service.
func (s *Settings) checkURLs(cleartext bool) []Problem {
	out := s.checkURL("endpoint_url", s.EndpointURL, cleartext)
	seen := map[string]bool{normalURL(s.EndpointURL): true}
	for _, address := range s.FallbackURLs {
		out = append(out, s.checkURL("fallback_urls", address, cleartext)...)
		if normal := normalURL(address); seen[normal] {
			out = append(out, s.at("fallback_urls", "an address stands twice").warning().hint("name each one once, endpoint_url not at all"))
		} else {
			seen[normal] = true
		}
	}
	if len(s.FallbackURLs) > maxFallbacks {
		out = append(out, s.at("fallback_urls", "there are more than %d addresses", maxFallbacks).hint("name those that are worth waiting for"))
	}
	return out
}

// checkURL never repeats the address where that may hold a password.
func (s *Settings) checkURL(key, address string, cleartext bool) []Problem {
	if address == "" {
		return nil
	}
	const like = "write it like https://pam.example.com/ERPMWebService/AuthService.svc"
	bad := func(what string) Problem { return s.at(key, "%s", what).hint(like) }
	u, err := url.Parse(address)
	var p Problem
	switch {
	case err != nil:
		p = bad("this is not a URL")
	case u.User != nil:
		p = bad("a user or a password in the URL is refused").hint("take out what stands before the @; it belongs in api_user and api_password")
	case u.Scheme != "https" && u.Scheme != "http":
		p = bad("the URL does not start with https://")
	case !validHost(u):
		p = bad("the URL has no host, or an impossible port")
	case u.RawQuery != "" || u.ForceQuery:
		p = bad("a query in the URL is refused").hint("take out the ? and what follows it")
	case strings.Contains(address, "#"):
		p = bad("a fragment in the URL is refused").hint("take out the # and what follows it")
	case u.Scheme == "http":
		return s.cleartext(key, u, cleartext)
	case strings.Trim(u.Path, "/") == "":
		p = bad("the URL has no path, so it is hardly that of the web service").warning()
	default:
		return nil
	}
	return []Problem{p}
}

func validHost(u *url.URL) bool {
	host := u.Hostname()
	if host == "" || strings.ContainsAny(host, " \\%_*") && !strings.Contains(host, ":") {
		return false
	}
	if strings.Contains("."+strings.TrimSuffix(host, ".")+".", "..") { // a part of the name is empty
		return false
	}
	if _, port, ok := strings.Cut(strings.TrimPrefix(u.Host, "["+host+"]"), ":"); ok && port != "" {
		n, err := strconv.Atoi(port)
		return err == nil && n > 0 && n < 65536
	}
	return !strings.HasSuffix(u.Host, ":")
}

// cleartext judges an http address.
func (s *Settings) cleartext(key string, u *url.URL, accepted bool) []Problem {
	switch {
	case IsLoopback(u.Hostname()):
		return nil
	case accepted:
		return []Problem{s.at(key, "http sends passwords readable over the network").warning().hint("use https, with tls.ca_file for a private authority")}
	}
	return []Problem{s.at(key, "http would send passwords readable over the network").
		hint("use https, with tls.ca_file for a private authority; or take the risk with --accept-risk=%s", RiskCleartext)}
}

// IsLoopback reports whether a host is this machine: localhost, or a loopback
// address, without a port.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}

// normalURL is the address in one spelling: case of scheme and host, the
// scheme's own port and slashes at the end make no difference.
func normalURL(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return text
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	u.Host = strings.TrimSuffix(u.Host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u.String()
}

// Service is the host and port of endpoint_url in one spelling. It tells two
// services apart; applications of one service have the same.
func (s *Settings) Service() string {
	u, err := url.Parse(normalURL(s.EndpointURL))
	if err != nil {
		return ""
	}
	return u.Host
}
