package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/auth"
	"github.com/redim-tools/redim/pkg/negotiate"
	"github.com/redim-tools/redim/pkg/pam"
)

// The acceptor that is used is one.
var _ auth.Acceptor[negotiate.Caller] = (*negotiate.Acceptor)(nil)

// stub accepts every token as what it says.
type stub struct{ err error }

type name string

func (n name) String() string { return string(n) }

func (s stub) Accept(_ context.Context, token []byte) (name, []byte, error) {
	return name(token), []byte("reply"), s.err
}

func realms(t testing.TB, list ...string) auth.Realms {
	t.Helper()
	out, err := auth.ParseRealms(list)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAPrincipalHasTheSpellingsOfItsRealm(t *testing.T) {
	t.Parallel()
	listed := realms(t, "EX.EXAMPLE.COM=EX", " MIT.EXAMPLE.COM ")
	for principal, want := range map[string]string{
		"svc@EX.EXAMPLE.COM":                 `svc@EX.EXAMPLE.COM EX\svc EX.EXAMPLE.COM\svc`,
		"SVC@ex.example.com":                 `SVC@EX.EXAMPLE.COM EX\SVC EX.EXAMPLE.COM\SVC`,
		"web01$@EX.EXAMPLE.COM":              `web01$@EX.EXAMPLE.COM EX\web01$ EX.EXAMPLE.COM\web01$`,
		"host/web01@EX.EXAMPLE.COM":          "host/web01@EX.EXAMPLE.COM",
		"svc@MIT.EXAMPLE.COM":                "",
		"svc@mit.example.com":                "!",
		"svc@EVIL.EXAMPLE.COM":               "!",
		"svc@EX":                             "!",
		"svc":                                "!",
		"@EX.EXAMPLE.COM":                    "!",
		"svc@":                               "!",
		`EX\svc@MIT.EXAMPLE.COM`:             "!",
		"svc@EX.EXAMPLE.COM@MIT.EXAMPLE.COM": "!",
		"s\x00vc@EX.EXAMPLE.COM":             "!",
	} {
		got, err := auth.NewKerberos(stub{}, listed).Prove(t.Context(), []byte(principal))
		if want == "!" {
			u, ok := errors.AsType[*auth.UnprovenError](err)
			if !ok || !errors.Is(err, pam.ErrSignInRefused) || u.Detail == "" || strings.Contains(err.Error(), "svc") {
				t.Errorf("%q: %+v, %v", principal, got, err)
			}
			continue
		}
		if err != nil || got.Principal != principal || strings.Join(got.Also, " ") != want || string(got.Reply) != "reply" {
			t.Errorf("%q: %+v, %v", principal, got, err)
		}
	}
	got, err := auth.NewKerberos(stub{}, nil).Prove(t.Context(), []byte("svc@ANY.EXAMPLE.COM"))
	if err != nil || len(got.Also) > 0 {
		t.Error("without realms the acceptor decides, and case matters:", got, err)
	}
	if got := strings.Join(listed.Names(), " "); got != "EX.EXAMPLE.COM MIT.EXAMPLE.COM" {
		t.Error(got)
	}
}

func TestRealmsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for _, list := range [][]string{{""}, {"EX="}, {"=EX"}, {"a b"}, {`EX\x`}, {"svc@EX"}, {"EX", "ex"}, {"A.COM=EX", "B.COM=ex"}, {"EX=E=X/"}, {"EX=EX="}, {strings.Repeat("x", 254)}} {
		if _, err := auth.ParseRealms(list); !errors.Is(err, pam.ErrUsage) {
			t.Errorf("%q: %v", list, err)
		}
	}
}

type temporary struct{ error }

func (temporary) Temporary() bool { return true }

func TestATokenThatProvesNothingSaysWhyToTheLogOnly(t *testing.T) {
	t.Parallel()
	no := errors.New("expired: at noon")
	_, err := auth.NewKerberos(stub{no}, nil).Prove(t.Context(), []byte("x"))
	u, ok := errors.AsType[*auth.UnprovenError](err)
	if !ok || u.NTLM || u.Detail != no.Error() || strings.Contains(err.Error()+u.Hint, "noon") || !errors.Is(err, pam.ErrSignInRefused) {
		t.Errorf("%+v", err)
	}
	for _, token := range []string{"NTLMSSP\x00\x01\x00\x00\x00", "\x60\x48\x06\x06\x2b\x06\x01\x05\x05\x02\xa0\x3eNTLMSSP\x00\x01"} {
		_, err = auth.NewKerberos(stub{no}, nil).Prove(t.Context(), []byte(token))
		if u, ok := errors.AsType[*auth.UnprovenError](err); !ok || !u.NTLM || !strings.Contains(u.Detail, "docs/vault-door.md") {
			t.Errorf("%+v", err)
		}
	}
	_, err = auth.NewKerberos(stub{temporary{no}}, nil).Prove(t.Context(), []byte("x"))
	if _, ok := errors.AsType[*auth.BusyError](err); !ok {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = auth.NewKerberos(stub{context.Canceled}, nil).Prove(ctx, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// FuzzSpellings holds that no principal gets a spelling of another realm, or one
// that is another account.
func FuzzSpellings(f *testing.F) {
	f.Add("svc@EX.EXAMPLE.COM")
	f.Add(`EX\svc@MIT.EXAMPLE.COM`)
	f.Add("host/a@b@EX.EXAMPLE.COM")
	listed := realms(f, "EX.EXAMPLE.COM=EX", "MIT.EXAMPLE.COM")
	f.Fuzz(func(t *testing.T, principal string) {
		also, err := listed.Spellings(principal)
		if err != nil {
			return
		}
		at := strings.LastIndexByte(principal, '@')
		name, realm := principal[:at], principal[at+1:]
		if len(also) > 0 != strings.EqualFold(realm, "EX.EXAMPLE.COM") {
			t.Fatalf("%q: %q", principal, also)
		}
		for _, s := range also {
			if s != name+"@EX.EXAMPLE.COM" && s != `EX\`+name && s != `EX.EXAMPLE.COM\`+name || strings.Count(s, `\`) > 1 {
				t.Fatalf("%q: %q", principal, also)
			}
		}
	})
}

func TestAnAcceptorThatIsFullIsBusyAndNoOtherRefusalIs(t *testing.T) {
	t.Parallel()
	for reason, want := range map[negotiate.Reason]bool{negotiate.Busy: true, negotiate.Expired: false, negotiate.Replayed: false} {
		_, err := auth.NewKerberos(stub{&negotiate.Refusal{Reason: reason}}, nil).Prove(t.Context(), []byte("x"))
		if _, busy := errors.AsType[*auth.BusyError](err); busy != want {
			t.Errorf("%s: %v", reason, err)
		}
	}
}
