package redim

import (
	"net/url"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
)

const addressHint = "give the full address of the SDK web service, for example https://pam.example.com/ERPMWebService/AuthService.svc"

// applicationRoot finds the web application that an address of any of the
// service's interfaces belongs to. Its name is free, and case does not matter.
func applicationRoot(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case err != nil: // the error repeats the address, which may hold a password
		return nil, pam.Failf(pam.ErrUsage, "endpoint_url is not an address").WithHint(addressHint)
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return nil, pam.Failf(pam.ErrUsage, "endpoint_url is not an https address").WithHint(addressHint)
	case u.User != nil:
		return nil, pam.Failf(pam.ErrUsage, "endpoint_url holds a user or a password").WithHint("remove what stands before the @; set api_user and api_password")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, pam.Failf(pam.ErrUsage, "endpoint_url holds a ? or a #").WithHint(addressHint)
	}
	segments := applicationPath(u.Path)
	if len(segments) == 0 || slices.Contains(segments, "..") {
		return nil, pam.Failf(pam.ErrUsage, "endpoint_url names no web application").WithHint(addressHint)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/" + strings.Join(segments, "/") + "/"}, nil
}

// applicationPath cuts what belongs to an interface off a path.
func applicationPath(path string) []string {
	segments := slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" })
	service := slices.IndexFunc(segments, func(s string) bool {
		return strings.EqualFold(s, "AuthService.svc") || strings.EqualFold(s, "AuthService_JSON.svc")
	})
	if service >= 0 {
		segments = segments[:service]
	}
	if n := len(segments); n >= 2 && strings.EqualFold(segments[n-2], "JSON") && strings.EqualFold(segments[n-1], "V2") {
		segments = segments[:n-2]
	}
	return segments
}

// namedDialect is the one whose interface an address is of; empty when it is
// that of none, or of the service as a whole.
func namedDialect(address string) string {
	switch lower := strings.ToLower(address) + "/"; {
	case strings.Contains(lower, "/json/v2/"):
		return "json-v2"
	case strings.Contains(lower, "/authservice_json.svc/"):
		return "json-v1"
	case strings.Contains(lower, "/authservice.svc/rest/"):
		return "rest"
	}
	return ""
}

// at is where a path of an operation is below a root, escaped as it has to be.
func at(root *url.URL, op *dialect.Operation, path string) *url.URL {
	if inside, ok := strings.CutPrefix(path, "/"); ok {
		return root.JoinPath(inside)
	}
	return root.JoinPath(op.Base, path)
}

// place is where an operation is, as messages tell it.
func (c *Client) place(op *dialect.Operation) string {
	if inside, ok := strings.CutPrefix(op.Path, "/"); ok {
		return c.root.Path + inside
	}
	return c.root.Path + op.Base + op.Path
}

// helpAddress is where the framework lists the operations of an interface, when
// that is switched on.
func (c *Client) helpAddress(base string) *url.URL { return c.root.JoinPath(base, "help") }
