//go:build linux

package negotiate_test

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/negotiate/kdctest"
	"github.com/redim-tools/redim/pkg/pam"
)

// realm is a KDC with one user and one service.
type realm struct {
	*kdctest.KDC
	keytab  string // of the service
	service *service
}

func newRealm(t *testing.T) *realm {
	t.Helper()
	r := &realm{KDC: kdctest.MIT(t, "TEST.LOCAL")}
	r.keytab = filepath.Join(r.Dir, "http.keytab")
	must(t, r.AddUser("alice", password))
	must(t, r.AddService("HTTP/localhost", r.keytab))
	r.service = serve(t, negotiate.AcceptorConfig{Keytab: r.keytab})
	return r
}

// config is a client's, with files of the realm.
func (r *realm) config(cache string) negotiate.Config {
	env := map[string]string{"KRB5_CONFIG": r.Config, "KRB5CCNAME": cache}
	return negotiate.Config{Getenv: func(name string) string { return env[name] }}
}

// call asks the realm's service, and returns what it said.
func (r *realm) call(t *testing.T, cfg negotiate.Config) (string, error) {
	t.Helper()
	host := strings.TrimPrefix(r.service.URL, "http://")
	client := &http.Client{Transport: negotiate.New(cfg).RoundTripper(http.DefaultTransport, host)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.service.URL, nil)
	must(t, err)
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return strings.TrimSpace(string(text)), err
}

func TestAClientSignsInWithWhatKinitLeft(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	cache, err := r.Kinit("alice", password)
	must(t, err)
	for _, name := range []string{cache, "FILE:" + cache} {
		if got, err := r.call(t, r.config(name)); err != nil || got != "alice@TEST.LOCAL" {
			t.Errorf("%s: %q, %v; refusals %v", name, got, err, r.service.refusals)
		}
	}
}

func TestAClientSignsInWithAKeytab(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	keytab := filepath.Join(r.Dir, "alice.keytab")
	must(t, r.ExportKeytab("alice", keytab))
	for _, principal := range []string{"", "alice", "alice@TEST.LOCAL"} {
		cfg := r.config("")
		cfg.Keytab, cfg.Principal = keytab, principal
		if got, err := r.call(t, cfg); err != nil || got != "alice@TEST.LOCAL" {
			t.Errorf("%q: %q, %v; refusals %v", principal, got, err, r.service.refusals)
		}
	}
	must(t, r.ExportKeytab("alice", filepath.Join(r.Dir, "newer.keytab")))
	cfg := r.config("")
	cfg.Keytab = keytab
	_, err := r.call(t, cfg)
	fails(t, err, pam.ErrDelegationRefused, "refuses the key of alice@TEST.LOCAL", "export it again")
}

// fails compares a failure with what is expected of it.
func fails(t *testing.T, err error, class pam.Class, message, hint string) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class != class || !strings.Contains(f.Message, message) || !strings.Contains(f.Hint, hint) {
		t.Errorf("failure %+v, want %s with %q and %q", f, class, message, hint)
	}
}

func TestEachFailureToSignInHasItsOwnHint(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	cache, err := r.Kinit("alice", password, "-l", "1h")
	must(t, err)
	good := r.config(cache)
	with := func(change func(*negotiate.Config)) negotiate.Config {
		cfg := good
		change(&cfg)
		return cfg
	}
	tests := []struct {
		name    string
		cfg     negotiate.Config
		class   pam.Class
		message string
		hint    string
	}{
		{"no ticket", r.config(filepath.Join(r.Dir, "none")), pam.ErrDelegationRefused, "there is no Kerberos ticket", "kinit"},
		{"a ticket that ended", with(func(c *negotiate.Config) { c.Now = func() time.Time { return time.Now().Add(2 * time.Hour) } }),
			pam.ErrDelegationRefused, "expired at", "get a new one with: kinit alice@TEST.LOCAL"},
		{"a service that the KDC does not know", with(func(c *negotiate.Config) { c.SPN = "HTTP/other.test.local" }),
			pam.ErrDelegationRefused, "knows no service HTTP/other.test.local", "kerberos.spn"},
		{"a clock that is behind", with(func(c *negotiate.Config) { c.Now = func() time.Time { return time.Now().Add(-10 * time.Minute) } }),
			pam.ErrClockSkew, "10m0s ahead of this machine's", "NTP"},
		{"a clock that is ahead", with(func(c *negotiate.Config) { c.Now = func() time.Time { return time.Now().Add(10 * time.Minute) } }),
			pam.ErrClockSkew, "10m0s behind this machine's", "NTP"},
		{"somebody else's ticket", with(func(c *negotiate.Config) { c.Principal = "bob" }),
			pam.ErrDelegationRefused, "is of alice@TEST.LOCAL, not of bob", "kinit bob"},
		{"a cache of another kind", r.config("KEYRING:persistent:0"), pam.ErrUsage, "of the kind KEYRING", "KRB5CCNAME=FILE:"},
		{"no configuration", negotiate.Config{Getenv: func(string) string { return filepath.Join(r.Dir, "none") }}, pam.ErrUsage, "no Kerberos configuration", "KRB5_CONFIG"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := r.call(t, tt.cfg)
			fails(t, err, tt.class, tt.message, tt.hint)
		})
	}
	r.Stop()
	t.Run("a KDC that does not answer", func(t *testing.T) {
		_, err := r.call(t, good)
		fails(t, err, pam.ErrUnreachable, "no KDC of TEST.LOCAL answers", "port 88")
	})
}
