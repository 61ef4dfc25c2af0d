package vaultapp

import (
	"context"
	"net/url"

	"github.com/redim-tools/redim/pkg/api/client"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/transport"
)

// remote is the server that the settings name; nil for none.
func (w *wiring) remote() (*client.Client, error) {
	s, err := w.Settings()
	if err != nil || s.Server == "" {
		return nil, err
	}
	return w.clientOf(s)
}

func (w *wiring) clientOf(s *config.Settings) (*client.Client, error) {
	if err := checkRemote(s); err != nil {
		return nil, err
	}
	tokens, err := w.Tokens(s)
	if err != nil {
		return nil, err
	}
	return w.clientWith(s, tokens)
}

func checkRemote(s *config.Settings) error {
	switch {
	case s.Server == "":
		return pam.Failf(pam.ErrUsage, "there is no server to ask").WithHint("name it with --server or the setting server")
	case s.Integration == "":
		return pam.Failf(pam.ErrUsage, "there is no integration to sign in at %s as", s.Server).WithHint("name it with the setting integration, and where its credential is with credential")
	case s.IntegrationAccount != "" && !s.Credential.IsZero():
		return pam.Failf(pam.ErrUsage, "integration %q has both a credential and an account to sign in by", s.Integration).WithHint("unset credential, or integration_account")
	case s.IntegrationAccount == "" && s.IntegrationKeytab != "":
		return pam.Failf(pam.ErrUsage, "integration_keytab is of no account").WithHint("name it with integration_account")
	case s.IntegrationAccount == "" && s.Credential.IsZero():
		return pam.Failf(pam.ErrUsage, "there is no credential for integration %q", s.Integration).WithHint("name where it is with the setting credential, for example file:PATH; or its Windows account with integration_account")
	}
	return nil
}

func (w *wiring) clientWith(s *config.Settings, tokens client.TokenStore) (*client.Client, error) {
	server, err := url.Parse(s.Server)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "the setting server is no address").WithHint("write https://HOST:PORT")
	}
	options := transport.Options{
		TLS:     transport.TLS{CAFile: s.TLS.CAFile, ClientCert: s.TLS.ClientCert, ClientKey: s.TLS.ClientKey, ServerName: s.TLS.ServerName, MinVersion: s.TLS.MinVersion},
		Timeout: s.Timeout,
	}
	if w.Globals.Trace {
		options.Trace = w.Streams.Err
	}
	http, err := transport.New(options)
	if err != nil {
		return nil, err
	}
	return client.New(client.Config{
		Server: server, Integration: s.Integration, HTTP: http, Tokens: tokens, Clock: w.Now, Timeout: s.Timeout,
		Credential: func(ctx context.Context) (secret.Value, error) { return w.applicationCredential(ctx, s) },
		Prove:      w.ticketProof(s),
	}), nil
}

// ticketProof proves the account of the integration; nil when it has none.
func (w *wiring) ticketProof(s *config.Settings) func(ctx context.Context, host string) (client.Proof, error) {
	if s.IntegrationAccount == "" {
		return nil
	}
	tickets := negotiate.New(negotiate.Config{Keytab: s.IntegrationKeytab, Principal: s.IntegrationAccount, Getenv: w.Getenv, Now: w.Now})
	return func(ctx context.Context, host string) (client.Proof, error) {
		proof, err := tickets.Prove(ctx, host)
		return client.Proof{Token: proof.Token, Check: proof.Check}, err
	}
}

func (w *wiring) applicationCredential(ctx context.Context, s *config.Settings) (secret.Value, error) {
	r := w.Resolver(s)
	r.Label = "Credential of " + s.Integration
	r.Prompt = func(ctx context.Context, label string) (secret.Value, error) {
		return w.Prompt().Secret(ctx, prompt.Question{Label: label, Flag: "--set credential=env:NAME"})
	}
	return r.Resolve(ctx, s.Credential)
}

// logouts ends tokens at the server that they are of.
func (w *wiring) logouts(s *config.Settings) (func(ctx context.Context, token secret.Value) error, error) {
	c, err := w.clientOf(s)
	if err != nil {
		return nil, err
	}
	return c.LogOut, nil
}

// signIn signs in anew; the token is kept nowhere.
func (w *wiring) signIn(ctx context.Context, file string) ([]byte, error) {
	s, err := config.Load(config.Options{Path: file, Tool: w.Name, Getenv: func(string) string { return "" }})
	if err != nil {
		return nil, err
	}
	if err := checkRemote(s); err != nil {
		return nil, err
	}
	seen := &seenToken{}
	c, err := w.clientWith(s, seen)
	if err != nil {
		return nil, err
	}
	if _, err := c.Checkouts(ctx, false, client.Paging{Limit: 1}); err != nil {
		return nil, err
	}
	defer seen.token.Wipe()
	header := []byte("Authorization: Bearer ")
	_ = seen.token.Reveal(func(b []byte) error { header = append(append(header, b...), '\n'); return nil })
	return header, nil
}

// seenToken hands every caller a new token, and remembers the last.
type seenToken struct{ token secret.Value }

func (s *seenToken) Token(ctx context.Context, _ pam.Identity, login func(context.Context) (pam.Token, error)) (pam.Token, error) {
	t, err := login(ctx)
	s.token = t.Value
	return t, err
}

func (s *seenToken) Drop(context.Context, pam.Identity, secret.Value) error { return nil }
