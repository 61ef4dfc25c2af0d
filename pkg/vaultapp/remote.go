package vaultapp

import (
	"context"
	"net/url"

	"github.com/redim-tools/redim/pkg/api/client"
	"github.com/redim-tools/redim/pkg/config"
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
	switch {
	case s.Server == "":
		return nil, pam.Failf(pam.ErrUsage, "there is no server to ask").WithHint("name it with --server or the setting server")
	case s.Integration == "":
		return nil, pam.Failf(pam.ErrUsage, "there is no integration to sign in at %s as", s.Server).WithHint("name it with the setting integration, and where its credential is with credential")
	case s.Credential.IsZero():
		return nil, pam.Failf(pam.ErrUsage, "there is no credential for integration %q", s.Integration).WithHint("name where it is with the setting credential, for example file:PATH")
	}
	server, err := url.Parse(s.Server)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "the setting server is no address").WithHint("write https://HOST:PORT")
	}
	trace := w.Streams.Err
	options := transport.Options{
		TLS:     transport.TLS{CAFile: s.TLS.CAFile, ClientCert: s.TLS.ClientCert, ClientKey: s.TLS.ClientKey, ServerName: s.TLS.ServerName, MinVersion: s.TLS.MinVersion},
		Timeout: s.Timeout,
	}
	if w.Globals.Trace {
		options.Trace = trace
	}
	http, err := transport.New(options)
	if err != nil {
		return nil, err
	}
	tokens, err := w.Tokens(s)
	if err != nil {
		return nil, err
	}
	return client.New(client.Config{
		Server: server, Integration: s.Integration, HTTP: http, Tokens: tokens, Clock: w.Now, Timeout: s.Timeout,
		Credential: func(ctx context.Context) (secret.Value, error) { return w.applicationCredential(ctx, s) },
	}), nil
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
