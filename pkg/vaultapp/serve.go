package vaultapp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"

	"github.com/redim-tools/redim/pkg/api"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/metrics"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/server"
	"github.com/redim-tools/redim/pkg/vault"
)

// serve opens the vault and answers applications until ctx ends.
func (w *wiring) serve(ctx context.Context, how vaultcli.Serving) error {
	s, err := w.Settings()
	if err != nil {
		return err
	}
	if how.Listen == "" {
		how.Listen = s.Listen
	}
	log := newLog(w.Streams.Err)
	certificate, tell, err := w.certificate(s, how, log)
	if err != nil {
		return err
	}
	d, err := newDoor(s, w.Now, log)
	if err != nil {
		return err
	}
	v, err := w.openAnd(ctx, (*vault.Service).EndOverdue) // rotators have time until it serves
	if err != nil {
		return err
	}
	d.vault = v.Service
	registry := &metrics.Registry{}
	registry.Process(w.Now())
	service := api.New(api.Options{
		Vault: v.Service, Source: d.sources.Of, LogIn: d.logIn, Negotiate: d.negotiate(), Clock: w.Now, Log: log, Metrics: registry,
	})
	err = server.Run(ctx, server.Options{
		Service: service, Listen: how.Listen, Near: how.Dev, Metrics: s.MetricsListen, Certificate: certificate, MinVersion: minVersion(s), Log: log, Getenv: w.Getenv, Wrap: d.wrap, Exempt: d.sources.Trusted.Holds,
		Ready: func(address, metrics net.Addr) {
			tell()
			if metrics != nil {
				w.Say("metrics at %s", metrics)
			}
			_, _ = fmt.Fprintf(w.Streams.Out, "ready https://%s\n", address)
		},
		Upkeep: server.Upkeep(v.Service, log),
	})
	return errors.Join(err, v.RecordRefused(context.WithoutCancel(ctx)), v.Close())
}

func minVersion(s *config.Settings) uint16 {
	if s.TLS.MinVersion == "1.3" {
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// certificate finds the certificate to serve with, and how to tell of it.
func (w *wiring) certificate(s *config.Settings, how vaultcli.Serving, log *slog.Logger) (get func(*tls.ClientHelloInfo) (*tls.Certificate, error), tell func(), err error) {
	cert, key := s.TLS.CertFile, s.TLS.KeyFile
	tell = func() {}
	switch {
	case how.Dev:
		made, err := w.selfMade(how.Listen)
		if err != nil {
			return nil, nil, err
		}
		cert, key = made.Cert, made.Key
		tell = func() { w.Say("self-made certificate %s, SHA-256 %s", made.Cert, made.Fingerprint) }
	case cert == "" || key == "":
		return nil, nil, pam.Failf(pam.ErrUsage, "there is no certificate to serve with").
			WithHint("set tls.cert_file and tls.key_file; or try it on this machine with: vault serve --dev")
	}
	c, err := server.NewCertificates(cert, key, log, w.Now)
	if err != nil {
		return nil, nil, err
	}
	return c.Get, tell, nil
}

// selfMade refuses to answer other machines with a certificate that vouches for
// itself.
func (w *wiring) selfMade(listen string) (server.SelfMade, error) {
	host, _, err := net.SplitHostPort(listen)
	address, parseErr := netip.ParseAddr(host)
	if err != nil || host != "localhost" && (parseErr != nil || !address.IsLoopback()) {
		return server.SelfMade{}, pam.Failf(pam.ErrUsage, "--dev does not listen at %q", listen).WithHint("use a loopback address, such as 127.0.0.1:8443; or set tls.cert_file and tls.key_file, and leave --dev out")
	}
	dir, err := w.Paths.DataDir()
	if err != nil {
		return server.SelfMade{}, err
	}
	return server.MakeCertificate(filepath.Join(dir, "dev"), w.Now())
}
