package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/transport"
)

// Config says which vault is asked, and as which integration.
type Config struct {
	Server      *url.URL // https://HOST:PORT, as vault serve tells it
	Integration string   // its name
	// Credential finds its application credential, when it has to sign in.
	Credential func(context.Context) (secret.Value, error)
	// Prove makes a proof by a Kerberos ticket for a host, as in URL.Host, to sign in
	// with instead; nil: the credential signs in.
	Prove func(ctx context.Context, host string) (Proof, error)
	// HTTP is a client of package transport.
	HTTP *http.Client
	// Tokens keeps the token; nil keeps it in memory.
	Tokens TokenStore
	Clock  func() time.Time
	// Timeout is that of HTTP for one request; a wait for an approval is cut into
	// pieces that fit. 0 is 30 s.
	Timeout time.Duration
}

// TokenStore keeps tokens, as package tokencache does.
type TokenStore interface {
	Token(ctx context.Context, id pam.Identity, login func(context.Context) (pam.Token, error)) (pam.Token, error)
	Drop(ctx context.Context, id pam.Identity, refused secret.Value) error
}

// Client asks one vault as one integration. It is safe for concurrent use.
type Client struct {
	Config
	id pam.Identity
}

// New makes a client. It asks nothing yet.
func New(c Config) *Client {
	if c.Tokens == nil {
		c.Tokens = &memory{now: c.Clock}
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	return &Client{Config: c, id: pam.Identity{Name: c.Integration}}
}

// Identity is who the client is, as the token store knows it.
func (c *Client) Identity() pam.Identity { return c.id }

// ask is one call.
type ask struct {
	method string
	path   string // below the server, with its query
	body   any    // nil: none
	key    string // idempotency key
	repeat bool   // it may be repeated without harm
	yields bool   // its answer may hold a secret, which is lost with it
	proof  *Proof // of a log-in by a ticket
}

// do asks with the token of the integration, with a new one if that is refused,
// and reads the answer into out.
func (c *Client) do(ctx context.Context, a ask, out any) error {
	token, err := c.Tokens.Token(ctx, c.id, c.login)
	if err != nil {
		return err
	}
	err = c.once(ctx, a, token.Value, out)
	if !errors.Is(err, pam.ErrTokenRefused) {
		return err
	}
	if err := c.Tokens.Drop(ctx, c.id, token.Value); err != nil {
		return err
	}
	if token, err = c.Tokens.Token(ctx, c.id, c.login); err != nil {
		return err
	}
	return c.once(ctx, a, token.Value, out)
}

// once sends one request. A token that is empty is left out.
func (c *Client) once(ctx context.Context, a ask, token secret.Value, out any) error {
	if a.repeat {
		ctx = transport.Idempotent(ctx)
	}
	body, err := json.Marshal(a.body)
	if err != nil {
		return pam.Failf(pam.ErrOther, "write the request: %w", err)
	}
	defer clear(body)
	return c.send(ctx, a, body, token, out)
}

func (c *Client) send(ctx context.Context, a ask, body []byte, token secret.Value, out any) error {
	if a.body == nil {
		body = nil
	}
	r, err := http.NewRequestWithContext(ctx, a.method, strings.TrimSuffix(c.Server.String(), "/")+a.path, bytes.NewReader(body))
	if err != nil {
		return pam.Failf(pam.ErrUsage, "the address of the vault: %w", err).WithHint("it is https://HOST:PORT, as vault serve tells it")
	}
	r.Header.Set("Accept", "application/json, application/problem+json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.key != "" {
		r.Header.Set("Idempotency-Key", a.key)
	}
	if !token.IsEmpty() {
		_ = token.Reveal(func(b []byte) error { r.Header.Set("Authorization", "Bearer "+string(b)); return nil })
	}
	a.proof.put(r.Header)
	res, err := c.HTTP.Do(r)
	if err != nil {
		return unanswered(a, err)
	}
	defer res.Body.Close()
	return c.read(a, res, out)
}

// unanswered is a failure without an answer. A secret may have been released all
// the same, unless the request was never sent.
func unanswered(a ask, err error) *pam.Failure {
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok {
		f = pam.Failf(pam.ErrUnreachable, "%w", err)
	}
	f.Hint = strings.ReplaceAll(f.Hint, "endpoint_url", "the setting server") // where this address is from
	if !a.yields || transport.NotSent(err) {
		return f
	}
	return f.Uncertain()
}

// errBrokenOff stands beside the failure of an answer that began and did not end.
var errBrokenOff = errors.New("the answer broke off")

// maxAnswer bounds an answer in bytes.
const maxAnswer = 4 << 20

// read reads an answer of the type that its status has.
func (c *Client) read(a ask, res *http.Response, out any) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	defer clear(text)
	if err != nil {
		f := unanswered(a, err)
		f.Err = errors.Join(f.Err, errBrokenOff)
		return f
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case len(text) > maxAnswer:
		return c.noAnswer(a, res, "is too long")
	case kind == "application/problem+json":
		return c.problem(a, res, text)
	case res.StatusCode >= 300:
		return c.noAnswer(a, res, "is no problem document")
	case res.StatusCode == http.StatusNoContent && out == nil:
		return nil
	case kind != "application/json":
		return c.noAnswer(a, res, "is no JSON")
	}
	if err := a.proof.answered(res.Header); err != nil {
		return err
	}
	if into, ok := out.(*answer); ok {
		into.status = res.StatusCode
		out = into.of(res.StatusCode)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return c.noAnswer(a, res, "is not what the call answers")
	}
	return nil
}

// answer is a place for an answer whose form depends on its status.
type answer struct {
	status int
	of     func(status int) any
}

// noAnswer is the failure of an answer that the vault did not give, or not whole.
// What stands before the vault may have given it after the vault had released
// something.
func (c *Client) noAnswer(a ask, res *http.Response, why string) error {
	class := pam.ErrProtocol
	switch res.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		class = pam.ErrUnreachable
	}
	f := pam.Failf(class, "the answer %d of %s %s", res.StatusCode, c.Server.Host, why).
		WithHint("look whether the setting server is the address of vault serve, and not of something before it")
	if done := res.StatusCode < 300 || res.StatusCode >= 500; a.yields && done {
		return f.Uncertain()
	}
	return f
}
