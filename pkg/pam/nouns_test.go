package pam_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestEveryStoreTypeHasTwoNamesThatAreReadBack(t *testing.T) {
	t.Parallel()
	names := pam.StoreTypeNames()
	if len(names) != int(pam.StoreExternal)+1 || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		t.Fatalf("%v", names)
	}
	for i, name := range names {
		want := pam.StoreType(i)
		for _, text := range []string{name, strings.ToUpper(name), want.WireName(), strings.ToLower(want.WireName())} {
			if got, err := pam.ParseStoreType(text); err != nil || got != want {
				t.Errorf("%s: %v, %v", text, got, err)
			}
		}
		if want.String() != name || want.WireName() == "" {
			t.Errorf("%d: %s %s", i, want, want.WireName())
		}
	}
	for _, text := range []string{"", "toaster", "OS_", "windows "} {
		_, err := pam.ParseStoreType(text)
		usage(t, err, "not an account-store type")
	}
	for _, out := range []pam.StoreType{-1, 24, 1 << 40} {
		if out.String() != "unknown" || out.WireName() != "Unknown" {
			t.Errorf("%d: %s", int(out), out)
		}
	}
}

func TestATargetIsTheSystemOrItsInstance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind             pam.StoreType
		instance, target string
	}{
		{pam.StoreWindows, "", "db01"}, {pam.StoreUnix, "x", "db01"}, {pam.StoreSQLServer, "PROD", `db01\PROD`},
		{pam.StoreSQLServer, "", `db01\`}, {pam.StorePostgreSQL, "", `db01\`}, {pam.StoreOracle, "ORCL", `db01\ORCL`},
	} {
		if got := c.kind.TargetName("db01", c.instance); got != c.target {
			t.Errorf("%s: %s", c.kind, got)
		}
	}
}

func TestACredentialIsNamedByItsKind(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]pam.Credential{
		"web01/Administrator":         {Kind: pam.KindLocal, System: "web01", Account: "Administrator"},
		`EX\svc-deploy`:               {Kind: pam.KindDomain, System: "example.local", Namespace: "EX", Account: "svc-deploy"},
		"Network gear: switch1/admin": {Kind: pam.KindShared, List: "Network gear", System: "switch1", Account: "admin"},
	} {
		if c.Ref() != want {
			t.Errorf("%s, want %s", c.Ref(), want)
		}
	}
	if pam.KindLocal.String()+pam.KindDomain.String()+pam.KindShared.String() != "localdomainshared" {
		t.Error("the kinds have other names")
	}
}

func TestTheOrderOfCredentialsIsTotal(t *testing.T) {
	t.Parallel()
	text := rapid.SampledFrom([]string{"", "a", "A", "b"})
	draw := func(rt *rapid.T) pam.Credential {
		return pam.Credential{Kind: pam.Kind(rapid.IntRange(0, 2).Draw(rt, "kind")), List: text.Draw(rt, "list"), System: text.Draw(rt, "system"), Account: text.Draw(rt, "account"), Target: text.Draw(rt, "target"), Type: pam.StoreType(rapid.IntRange(0, 2).Draw(rt, "type"))}
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, b, c := draw(rt), draw(rt), draw(rt)
		if pam.CompareCredentials(a, b) != -pam.CompareCredentials(b, a) || !a.Same(a) {
			rt.Fatal("not symmetric")
		}
		if pam.CompareCredentials(a, b) <= 0 && pam.CompareCredentials(b, c) <= 0 && pam.CompareCredentials(a, c) > 0 {
			rt.Fatal("not transitive")
		}
		if a.Kind < b.Kind && pam.CompareCredentials(a, b) >= 0 {
			rt.Fatal("the kind does not come first")
		}
	})
}

func TestACheckoutIsOverdueWhileItIsOpen(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		state pam.CheckoutState
		due   time.Time
		want  bool
	}{
		{pam.CheckoutOpen, now.Add(-time.Second), true}, {pam.CheckoutIntended, now.Add(-time.Second), true},
		{pam.CheckoutOpen, now, false}, {pam.CheckoutOpen, now.Add(time.Second), false}, {pam.CheckoutOpen, time.Time{}, false},
		{pam.CheckoutCheckedIn, now.Add(-time.Second), false}, {pam.CheckoutRefused, now.Add(-time.Second), false},
	} {
		if got := (pam.Checkout{State: c.state, Due: c.due}).Overdue(now); got != c.want {
			t.Errorf("%s due %s: %v", c.state, c.due, got)
		}
	}
}

func TestAFailureIsItsClassAndItsCause(t *testing.T) {
	t.Parallel()
	f := pam.Failf(pam.ErrUnreachable, "ask %s: %w", "web", io.ErrUnexpectedEOF).WithHint("check %s", "it")
	if f.Error() != "ask web: unexpected EOF" || f.Hint != "check it" {
		t.Errorf("%+v", f)
	}
	if !errors.Is(f, pam.ErrUnreachable) || !errors.Is(f, io.ErrUnexpectedEOF) || errors.Is(f, pam.ErrTLS) || errors.Is(f, pam.ErrUncertain) {
		t.Error("errors.Is is wrong")
	}
	if got, ok := errors.AsType[*pam.Failure](errors.Join(io.EOF, f)); !ok || got != f {
		t.Error("it is not found in a join")
	}
	if u := f.Uncertain(); u != f || !errors.Is(f, pam.ErrUncertain) || !errors.Is(f, pam.ErrUnreachable) || !errors.Is(f, io.ErrUnexpectedEOF) {
		t.Error("uncertain forgets something")
	}
	if both := pam.Failf(pam.ErrOther, "%w and %w", io.EOF, io.ErrNoProgress); !errors.Is(both, io.EOF) || !errors.Is(both, io.ErrNoProgress) {
		t.Error("one of two causes is lost")
	}
	if plain := pam.Failf(pam.ErrUsage, "x"); plain.Unwrap() != nil || pam.ErrUsage.Error() != "usage" {
		t.Errorf("%v", plain.Unwrap())
	}
}
