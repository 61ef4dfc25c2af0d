package vaultapp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/auth"
	"github.com/redim-tools/redim/pkg/config"
	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// How many slow hashes run at once, how many wait, and for how long. Each takes
// 19 MiB while it runs.
const (
	hashes    = 2
	hashQueue = 64
	hashWait  = 10 * time.Second
)

// door is what stands between the network and the vault.
type door struct {
	vault    *vault.Service
	sources  *auth.Sources
	throttle *auth.Throttle
	kerberos *auth.Kerberos // nil: nobody signs in by a Windows account
	proxied  bool
	now      func() time.Time
}

func newDoor(s *config.Settings, now func() time.Time, log *slog.Logger) (*door, error) {
	trusted, err1 := auth.ParseTrusted(config.SplitList(s.Door.TrustedProxies))
	header, err2 := auth.ParseHeader(s.Door.ProxyHeader)
	realms, err3 := auth.ParseRealms(config.SplitList(s.Door.Realms))
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	if s.Door.ProxyProtocol && len(trusted) == 0 {
		return nil, pam.Failf(pam.ErrUsage, "proxy_protocol is on, and there is no proxy that is trusted").WithHint("name the proxies in trusted_proxies, or switch proxy_protocol off")
	}
	d := &door{throttle: auth.NewThrottle(now, vault.Fold), proxied: s.Door.ProxyProtocol, now: now}
	d.sources = &auth.Sources{Trusted: trusted, Header: header, Warn: func(peer netip.Addr, what string) {
		log.Warn("not believed", "peer", peer.String(), "what", what)
	}}
	if s.Door.Keytab == "" {
		return d, nil
	}
	acceptor, err := negotiate.NewAcceptor(negotiate.AcceptorConfig{
		Keytab: s.Door.Keytab, SPN: s.Door.SPN, Realms: realms.Names(), Now: now, Warn: func(text string) { log.Warn("keytab", "what", text) },
	})
	if err != nil {
		return nil, err
	}
	d.kerberos = auth.NewKerberos(acceptor, realms)
	return d, nil
}

// wrap reads the headers of the PROXY protocol, where there are any.
func (d *door) wrap(l net.Listener) net.Listener {
	if !d.proxied {
		return l
	}
	return &auth.ProxyListener{Listener: l, Trusted: d.sources.Trusted, Now: d.now, Warn: d.sources.Warn}
}

// logIn lets an application in by name and credential, at the pace of guessing.
func (d *door) logIn(ctx context.Context, at vault.Door, name string, credential secret.Value) (admitted vault.Admission, err error) {
	err = d.throttle.Attempt(ctx, name, at.From, func(ctx context.Context) (err error) {
		admitted, err = d.vault.LogIn(ctx, at, name, credential)
		return err
	})
	return admitted, err
}

// negotiate is nil when nobody can sign in by a Windows account.
func (d *door) negotiate() func(ctx context.Context, at vault.Door, token []byte) (vault.Admission, []byte, error) {
	if d.kerberos == nil {
		return nil
	}
	return func(ctx context.Context, at vault.Door, token []byte) (admitted vault.Admission, reply []byte, err error) {
		err = d.throttle.Attempt(ctx, "", at.From, func(ctx context.Context) error {
			proven, err := d.kerberos.Prove(ctx, token)
			if err != nil {
				return d.unproven(ctx, at, err)
			}
			reply = proven.Reply
			admitted, err = d.vault.LogInPrincipal(ctx, at, proven.Principal, proven.Also...)
			return err
		})
		return admitted, reply, err
	}
}

// unproven sees to the event of a ticket that proves nothing.
func (d *door) unproven(ctx context.Context, at vault.Door, err error) error {
	u, ok := errors.AsType[*auth.UnprovenError](err)
	switch {
	case !ok:
		return err
	case u.NTLM:
		return d.vault.TurnAway(ctx, at, vault.CauseNTLM, u.Detail)
	}
	return d.vault.TurnAway(ctx, at, vault.CauseUnproven, u.Detail)
}
