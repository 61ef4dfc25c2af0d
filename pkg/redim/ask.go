package redim

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/transport"
)

// answersAs asks whether a dialect is spoken: a GET to the address of its
// log-in, which takes POST only. The framework refuses that by 405 where there
// is such an operation, and by 404 where there is none. The request carries
// nothing and does nothing. What is no answer of a service, or says that it is
// out of order, is an error.
func (c *Client) answersAs(ctx context.Context, d *dialect.Dialect) (echo, error) {
	op, err := d.Operation("log_in")
	if err != nil {
		return echo{}, err
	}
	var r echo
	err = c.places.ask(ctx, true, func(root *url.URL) (err error) {
		r, err = c.answersAt(ctx, root, d.Name, op)
		return err
	})
	return r, err
}

func (c *Client) answersAt(ctx context.Context, root *url.URL, name string, op *dialect.Operation) (echo, error) {
	at := at(root, op, op.Path)
	req := &http.Request{Method: http.MethodGet, URL: at, Host: at.Host, Header: http.Header{"User-Agent": {"redim"}}}
	resp, err := c.http.Do(req.WithContext(transport.Idempotent(ctx)))
	if f, ok := errors.AsType[*pam.Failure](err); ok && f.Class == pam.ErrProtocol {
		return echo{dialect: name, what: f.Message}, nil // a redirect, for one
	}
	if err != nil {
		return echo{}, plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	page, _ := readReply(resp) // so that the connection can be used again
	clear(page)
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusProxyAuthRequired, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return echo{}, c.refusal(op, resp)
	}
	return listen(name, resp), nil
}

func listen(name string, resp *http.Response) echo {
	r := echo{dialect: name, status: resp.StatusCode}
	allow := resp.Header.Get("Allow")
	r.spoken = r.status == http.StatusMethodNotAllowed && (allow == "" || strings.Contains(strings.ToUpper(allow), http.MethodPost))
	r.asks = r.status == http.StatusUnauthorized && resp.Header.Get("WWW-Authenticate") != ""
	return r
}

// String tells the answers in one line: json-v2 404, json-v1 404, rest 200.
func (rs echoes) String() string {
	var parts []string
	for _, r := range rs {
		what := strconv.Itoa(r.status)
		if r.what != "" {
			what = "(" + r.what + ")"
		}
		parts = append(parts, r.dialect+" "+what)
	}
	return strings.Join(parts, ", ")
}
