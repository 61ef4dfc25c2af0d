//go:build linux

package negotiate_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/negotiate/kdctest"
)

// token makes one with what a credential cache holds.
func (r *realm) token(t *testing.T, cfg negotiate.Config) []byte {
	t.Helper()
	proof, err := negotiate.New(cfg).Prove(t.Context(), "localhost")
	must(t, err)
	return proof.Token
}

func TestAnAcceptorRefusesForAReason(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	must(t, r.AddService("HTTP/other.test.local", filepath.Join(r.Dir, "other.keytab")))
	cache, err := r.Kinit("alice", password, "-l", "1h")
	must(t, err)
	later := func(d time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(d) } }
	spn := func(name string) func() []byte {
		return func() []byte { cfg := r.config(cache); cfg.SPN = name; return r.token(t, cfg) }
	}
	ticket := spn("HTTP/localhost")
	damaged := func() []byte { b := ticket(); b[len(b)-20] ^= 1; return b }

	tests := []struct {
		name  string
		cfg   negotiate.AcceptorConfig
		token func() []byte
		want  negotiate.Reason
	}{
		{"an expired ticket", negotiate.AcceptorConfig{Now: later(70 * time.Minute)}, ticket, negotiate.Expired},
		{"a ticket of tomorrow", negotiate.AcceptorConfig{Now: later(-24 * time.Hour)}, ticket, negotiate.NotYetValid},
		{"a clock that is 10 minutes off", negotiate.AcceptorConfig{Now: later(10 * time.Minute)}, ticket, negotiate.ClockSkew},
		{"a ticket for another service", negotiate.AcceptorConfig{SPN: "HTTP/localhost"}, spn("HTTP/other.test.local"), negotiate.WrongService},
		{"a service without a key in the keytab", negotiate.AcceptorConfig{}, spn("HTTP/other.test.local"), negotiate.UnknownKey},
		{"a user of a realm that is not allowed", negotiate.AcceptorConfig{Realms: []string{"OTHER.LOCAL"}}, ticket, negotiate.WrongRealm},
		{"a damaged proof", negotiate.AcceptorConfig{}, damaged, negotiate.BadTicket},
		{"NTLM", negotiate.AcceptorConfig{}, func() []byte { return []byte("NTLMSSP\x00\x01\x00\x00\x00") }, negotiate.NTLM},
		{"nothing", negotiate.AcceptorConfig{}, func() []byte { return nil }, negotiate.Malformed},
		{"half a token", negotiate.AcceptorConfig{}, func() []byte { b := ticket(); return b[:len(b)/2] }, negotiate.Malformed},
		{"far too much", negotiate.AcceptorConfig{}, func() []byte { return make([]byte, 1<<20) }, negotiate.Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Keytab = r.keytab
			a, err := negotiate.NewAcceptor(tt.cfg)
			must(t, err)
			caller, reply, err := a.Accept(t.Context(), tt.token())
			if !errors.Is(err, tt.want) || reply != nil || caller.Principal != "" {
				t.Errorf("refused with %v, want %s; caller %v", err, tt.want, caller)
			}
		})
	}
}

func TestARefusalNamesWhoWasRefused(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	cache, err := r.Kinit("alice", password)
	must(t, err)
	a, err := negotiate.NewAcceptor(negotiate.AcceptorConfig{Keytab: r.keytab, Realms: []string{"OTHER.LOCAL"}})
	must(t, err)
	_, _, err = a.Accept(t.Context(), r.token(t, r.config(cache)))
	refusal, ok := errors.AsType[*negotiate.Refusal](err)
	if !ok || refusal.Principal != "alice" || refusal.Realm != "TEST.LOCAL" {
		t.Errorf("refusal %+v", refusal)
	}
}

func TestATicketOfAStrangersKDCIsRefused(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	stranger := kdctest.MIT(t, "TEST.LOCAL")
	must(t, stranger.AddUser("alice", password))
	must(t, stranger.AddService("HTTP/localhost", filepath.Join(stranger.Dir, "http.keytab")))
	other := kdctest.MIT(t, "OTHER.LOCAL")
	must(t, other.AddUser("alice", password))
	must(t, other.AddService("HTTP/localhost", filepath.Join(other.Dir, "http.keytab")))
	for kdc, want := range map[*kdctest.KDC]negotiate.Reason{stranger: negotiate.BadTicket, other: negotiate.WrongRealm} {
		cache, err := kdc.Kinit("alice", password)
		must(t, err)
		theirs := &realm{KDC: kdc}
		if _, _, err := r.service.acceptor.Accept(t.Context(), theirs.token(t, theirs.config(cache))); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %s", kdc.Realm, err, want)
		}
	}
}

func TestAUserOfATrustedRealmIsAcceptedWhereItIsNamed(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	other := kdctest.MIT(t, "OTHER.LOCAL")
	must(t, other.AddUser("bob", password))
	must(t, other.Trust(r.KDC, "c4nary-trust"))
	conf, err := os.ReadFile(other.Config)
	must(t, err)
	must(t, os.WriteFile(other.Config, []byte(strings.Replace(string(conf), "localhost = OTHER.LOCAL", "localhost = TEST.LOCAL", 1)), 0o644))
	cache, err := other.Kinit("bob", password)
	must(t, err)
	theirs := &realm{KDC: other, service: r.service}
	for _, tt := range []struct {
		realms []string
		want   negotiate.Reason
	}{{nil, negotiate.WrongRealm}, {[]string{"TEST.LOCAL", "OTHER.LOCAL"}, ""}} {
		theirs.service = serve(t, negotiate.AcceptorConfig{Keytab: r.keytab, Realms: tt.realms})
		got, err := theirs.call(t, theirs.config(cache))
		switch {
		case err != nil:
			t.Error(err)
		case tt.want != "":
			theirs.service.refused(t, tt.want)
		case got != "bob@OTHER.LOCAL":
			t.Errorf("the service saw %q; refusals %v", got, theirs.service.refusals)
		}
	}
}

func TestAChangedKeytabIsReadAgain(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	var ahead atomic.Int64
	var warnings []string
	a, err := negotiate.NewAcceptor(negotiate.AcceptorConfig{
		Keytab: r.keytab, Warn: func(text string) { warnings = append(warnings, text) },
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	must(t, err)
	accept := func() error {
		t.Helper()
		ahead.Add(int64(2 * time.Second)) // so that the file is looked at again
		cache, err := r.Kinit("alice", password)
		must(t, err)
		_, _, err = a.Accept(t.Context(), r.token(t, r.config(cache)))
		return err
	}
	must(t, accept())
	newer := filepath.Join(r.Dir, "newer.keytab")
	must(t, r.ExportKeytab("HTTP/localhost", newer))
	if err := accept(); !errors.Is(err, negotiate.UnknownKey) {
		t.Errorf("with the old keytab: %v", err)
	}
	must(t, os.WriteFile(r.keytab, []byte("half a file"), 0o600))
	if err := accept(); !errors.Is(err, negotiate.UnknownKey) || len(warnings) != 1 {
		t.Errorf("with a damaged keytab: %v; warnings %q", err, warnings)
	}
	must(t, os.Rename(newer, r.keytab))
	must(t, accept())
}

func TestAKeytabWithoutAnAESKeyIsRefused(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	weak := filepath.Join(r.Dir, "weak.keytab")
	must(t, r.ExportKeytab("HTTP/localhost", weak, "-e", "arcfour-hmac:normal"))
	_, err := negotiate.NewAcceptor(negotiate.AcceptorConfig{Keytab: weak})
	if err == nil || !strings.Contains(err.Error(), "holds no AES key of an HTTP service") {
		t.Errorf("a keytab with RC4: %v", err)
	}
	_, err = negotiate.NewAcceptor(negotiate.AcceptorConfig{Keytab: r.keytab, SPN: "HTTP/other"})
	if err == nil || !strings.Contains(err.Error(), "HTTP/localhost@TEST.LOCAL") {
		t.Errorf("a keytab of another service: %v", err)
	}
}

func TestOneTokenIsTakenOnceHoweverManyTry(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	cache, err := r.Kinit("alice", password)
	must(t, err)
	token := r.token(t, r.config(cache))
	var accepted atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if _, _, err := r.service.acceptor.Accept(t.Context(), token); err == nil {
				accepted.Add(1)
			} else if !errors.Is(err, negotiate.Replayed) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if accepted.Load() != 1 {
		t.Errorf("accepted %d times", accepted.Load())
	}
}

func TestTheMemoryOfTokensIsBounded(t *testing.T) {
	t.Parallel()
	r := newRealm(t)
	cache, err := r.Kinit("alice", password)
	must(t, err)
	a, err := negotiate.NewAcceptor(negotiate.AcceptorConfig{Keytab: r.keytab, MaxReplays: 8})
	must(t, err)
	cfg := r.config(cache)
	for i := range 5 {
		_, _, err := a.Accept(t.Context(), r.token(t, cfg))
		if full := i >= 4; full != errors.Is(err, negotiate.Busy) || !full && err != nil {
			t.Errorf("token %d: %v", i, err)
		}
	}
}
