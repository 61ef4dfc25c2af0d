package client

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

const loginPath = "/v1/login"

// admission is the answer to a log-in.
type admission struct {
	Token       secret.Value `json:"token"`
	Expires     time.Time    `json:"expires_at"`
	Integration struct {
		Name string `json:"name"`
	} `json:"integration"`
}

// login signs the integration in.
func (c *Client) login(ctx context.Context) (pam.Token, error) {
	signIn := c.byCredential
	if c.Prove != nil {
		signIn = c.byTicket
	}
	var got admission
	if err := signIn(ctx, &got); err != nil {
		return pam.Token{}, err
	}
	if got.Token.IsEmpty() {
		return pam.Token{}, pam.Failf(pam.ErrProtocol, "%s gave no token", c.Server.Host).WithHint("look whether the setting server is the address of vault serve")
	}
	return pam.Token{Value: got.Token, Issued: c.Clock(), Expires: got.Expires}, nil
}

func (c *Client) byCredential(ctx context.Context, got *admission) error {
	credential, err := c.Credential(ctx)
	if err != nil {
		return err
	}
	defer credential.Wipe()
	var body map[string]any
	_ = credential.Reveal(func(b []byte) error {
		body = map[string]any{"name": c.Integration, "credential": string(b)}
		return nil
	})
	return c.once(ctx, ask{method: http.MethodPost, path: loginPath, body: body}, secret.Value{}, got)
}

// byTicket signs in as whom the ticket is of, which has to be the integration
// that was meant: its token is kept under that name.
func (c *Client) byTicket(ctx context.Context, got *admission) error {
	proof, err := c.Prove(ctx, c.Server.Host)
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		f.Err = errors.Join(f.Err, pam.ErrNotSent) // the server did not refuse anything
	}
	if err != nil {
		return err
	}
	if err := c.once(ctx, ask{method: http.MethodPost, path: loginPath, proof: &proof}, secret.Value{}, got); err != nil {
		return err
	}
	if !strings.EqualFold(got.Integration.Name, c.Integration) {
		got.Token.Wipe()
		return pam.Failf(pam.ErrSignInRefused, "the account of the Kerberos ticket is not that of integration %q", c.Integration).
			WithHint("set integration to the name of the integration that has this account, or integration_account to the account of this one")
	}
	return nil
}

// Proof is a token of HTTP Negotiate, for one log-in.
type Proof struct {
	Token []byte
	// Check takes the server's answer to the token, empty when it gave none, and
	// fails when somebody else than the service made it.
	Check func(answer []byte) error
}

const scheme = "Negotiate"

func (p *Proof) put(h http.Header) {
	if p != nil {
		h.Set("Authorization", scheme+" "+base64.StdEncoding.EncodeToString(p.Token))
	}
}

func (p *Proof) answered(h http.Header) error {
	if p == nil {
		return nil
	}
	for _, value := range h.Values("WWW-Authenticate") {
		first, text, _ := strings.Cut(value, " ")
		if answer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err == nil && strings.EqualFold(first, scheme) {
			return p.Check(answer)
		}
	}
	return p.Check(nil)
}

// LogOut ends a token at the server. One that is no more good has ended already.
func (c *Client) LogOut(ctx context.Context, token secret.Value) error {
	err := c.once(ctx, ask{method: http.MethodPost, path: "/v1/logout", repeat: true}, token, nil)
	if errors.Is(err, pam.ErrTokenRefused) {
		return nil
	}
	return err
}

// memory keeps one token for as long as the process lives.
type memory struct {
	now   func() time.Time
	mu    sync.Mutex
	token pam.Token
}

// Token is that which is kept, or a new one.
func (m *memory) Token(ctx context.Context, _ pam.Identity, login func(context.Context) (pam.Token, error)) (pam.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.token.Value.IsEmpty() && m.now().Before(m.token.Expires) {
		return m.token, nil
	}
	token, err := login(ctx)
	if err == nil {
		m.token = token
	}
	return token, err
}

// Drop forgets it.
func (m *memory) Drop(_ context.Context, _ pam.Identity, refused secret.Value) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.token.Value.Equal(refused) {
		m.token = pam.Token{}
	}
	return nil
}
