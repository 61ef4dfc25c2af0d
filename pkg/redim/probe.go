package redim

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/transport"
)

// Probe reads the help page of the dialect's interface. It signs in as nobody.
// ErrNotFound when the installation shows no help page.
func (c *Client) Probe(ctx context.Context) (dialect.Probe, error) {
	page, address, err := c.helpPage(ctx)
	if err != nil {
		return dialect.Probe{}, err
	}
	offered := helpOperations(string(page))
	if len(offered) == 0 {
		return dialect.Probe{}, pam.Failf(pam.ErrProtocol, "the page at %s lists no operations", address).
			WithHint("a log-in page or a proxy may answer in the service's place; check endpoint_url")
	}
	p := dialect.Probe{Address: address}
	for _, key := range c.dialect.Keys() {
		op, err := c.dialect.Operation(key)
		if err != nil {
			return dialect.Probe{}, err
		}
		p.Needed = append(p.Needed, dialect.Probed{Key: key, Name: op.Name, Attested: op.Attested, Found: containsFold(offered, op.Name)})
	}
	p.Others = slices.DeleteFunc(offered, func(name string) bool {
		return slices.ContainsFunc(p.Needed, func(n dialect.Probed) bool { return strings.EqualFold(n.Name, name) })
	})
	return p, nil
}

// helpAddress is where the framework lists the operations of the dialect's
// interface, when that is switched on.
func (c *Client) helpAddress() *url.URL { return c.root.JoinPath(c.dialect.Base, "help") }

func (c *Client) helpPage(ctx context.Context) (page []byte, address string, err error) {
	at := c.helpAddress()
	req := &http.Request{Method: http.MethodGet, URL: at, Host: at.Host, Header: http.Header{"User-Agent": {"redim"}}}
	resp, err := c.http.Do(req.WithContext(transport.Idempotent(ctx)))
	if err != nil {
		return nil, "", plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	page, err = readReply(resp)
	switch status := resp.StatusCode; {
	case status == http.StatusOK && err != nil:
		return nil, "", plain(err)
	case status >= 500:
		return nil, "", pam.Failf(pam.ErrUnreachable, "the service is out of order: it answers its help page with %d", status).WithHint("try again later")
	case status != http.StatusOK:
		return nil, "", pam.Failf(pam.ErrNotFound, "no help page at %s (%d)", at, status).
			WithHint("check endpoint_url; where the help page is switched off, ask the operator of the service to switch it on, or for the list of operations")
	}
	return page, at.String(), nil
}

// helpOperations finds the operations that the framework's help page links to.
func helpOperations(page string) []string {
	const link = "help/operations/"
	var names []string
	for _, after := range strings.Split(page, link)[1:] {
		name := after
		if end := strings.IndexFunc(after, notInName); end >= 0 {
			name = after[:end]
		}
		if name != "" && !containsFold(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func notInName(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
