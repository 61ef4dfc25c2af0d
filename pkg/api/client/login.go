package client

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

const loginPath = "/v1/login"

// login signs the integration in.
func (c *Client) login(ctx context.Context) (pam.Token, error) {
	credential, err := c.Credential(ctx)
	if err != nil {
		return pam.Token{}, err
	}
	defer credential.Wipe()
	var body map[string]any
	_ = credential.Reveal(func(b []byte) error {
		body = map[string]any{"name": c.Integration, "credential": string(b)}
		return nil
	})
	var got struct {
		Token   secret.Value `json:"token"`
		Expires time.Time    `json:"expires_at"`
	}
	if err := c.once(ctx, ask{method: http.MethodPost, path: loginPath, body: body}, secret.Value{}, &got); err != nil {
		return pam.Token{}, err
	}
	if got.Token.IsEmpty() {
		return pam.Token{}, pam.Failf(pam.ErrProtocol, "%s gave no token", c.Server.Host).WithHint("look whether the setting server is the address of vault serve")
	}
	return pam.Token{Value: got.Token, Issued: c.Clock(), Expires: got.Expires}, nil
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
