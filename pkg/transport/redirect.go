package transport

import (
	"net/http"

	"github.com/redim-tools/redim/pkg/pam"
)

const maxRedirects = 3

// checkRedirect follows a redirect only to the same scheme, host and port and
// only with the same method, so that no token and no body ever goes elsewhere.
func checkRedirect(req *http.Request, via []*http.Request) error {
	from := via[0]
	switch {
	case req.URL.Scheme != from.URL.Scheme || req.URL.Host != from.URL.Host:
		return unsent(pam.Failf(pam.ErrProtocol, "%s redirects to %s://%s, which is not followed", from.URL.Host, req.URL.Scheme, req.URL.Host).
			WithHint("if that is the right address, put it into endpoint_url; a log-in page or a proxy may answer in the service's place"))
	case req.Method != from.Method:
		return unsent(pam.Failf(pam.ErrProtocol, "%s redirects a %s to a %s, which is not followed", from.URL.Host, from.Method, req.Method).
			WithHint("a log-in page or a proxy may answer in the service's place; check endpoint_url"))
	case len(via) > maxRedirects:
		return unsent(pam.Failf(pam.ErrProtocol, "%s redirects in a circle", from.URL.Host).WithHint("check endpoint_url"))
	}
	return nil
}
