package vault_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

func door(address string) vault.Door {
	return vault.Door{From: netip.MustParseAddr(address), Request: "call-1"}
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range list {
		p, err := vault.ParseAllowed(text)
		if err != nil {
			panic(err)
		}
		out = append(out, p)
	}
	return out
}

// applicant makes an integration with a generated secret that may come from 10.0.0.0/24.
func (w *world) applicant(name string) (vault.Integration, secret.Value) {
	w.Helper()
	got, err := w.CreateIntegration(w.Context(), admin("root"), vault.IntegrationEdit{Name: &name, Generate: true, AddAllowed: prefixes("10.0.0.0/24")})
	if err != nil {
		w.Fatal(err)
	}
	return got.Integration, got.Generated
}

func (w *world) signIn(name string, credential secret.Value) vault.Admission {
	w.Helper()
	got, err := w.LogIn(w.Context(), door("10.0.0.1"), name, credential)
	if err != nil {
		w.Fatal(err)
	}
	return got
}

// turnedAway asserts a refusal: what the caller is told, and what the log is.
func turnedAway(t testing.TB, err error, class pam.Class, cause vault.Cause) {
	t.Helper()
	r, ok := errors.AsType[*vault.Refusal](err)
	if !ok || r.Cause != cause || r.Detail == "" || r.Unrecorded != nil {
		t.Errorf("got %v (%+v), want %s", err, r, cause)
		return
	}
	refused(t, err, class, "")
	if !errors.Is(err, class) || strings.Contains(err.Error()+r.Failure.Hint, r.Detail) || strings.Contains(err.Error(), r.From.String()) {
		t.Errorf("%v tells too much", err)
	}
}

func TestAnApplicationSignsInAndItsTokenServesUntilItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, credential := w.applicant("nightly")
	got := w.signIn("NIGHTLY", credential)
	if got.Integration.ID != i.ID || got.Token.Len() != 48 || !got.Expires.Equal(w.now.Add(15*time.Minute)) {
		t.Errorf("%+v", got)
	}
	for _, from := range []string{"10.0.0.1", "::ffff:10.0.0.1"} {
		if who, err := w.Authenticate(t.Context(), door(from), got.Token); err != nil || who.ID != i.ID {
			t.Error(from, who, err)
		}
	}
	e := w.store.state.records[len(w.store.state.records)-1].Event
	if e.Kind != audit.IntegrationLogin || e.IntegrationID != i.ID || e.Actor != "nightly" || e.Address != "10.0.0.1" || e.Call != "call-1" || e.Outcome != audit.OutcomeDone {
		t.Errorf("%+v", e)
	}
	w.pass(15 * time.Minute)
	_, err := w.Authenticate(t.Context(), door("10.0.0.1"), got.Token)
	turnedAway(t, err, pam.ErrTokenRefused, vault.CauseExpiredToken)
	if done, err := w.DropTokens(t.Context()); err != nil || done.Tokens != 1 || len(w.store.state.tokens) != 0 {
		t.Error(done, err)
	}
	_, err = w.Authenticate(t.Context(), door("10.0.0.1"), got.Token)
	turnedAway(t, err, pam.ErrTokenRefused, vault.CauseUnknownToken)
	w.intact()
}

func TestATypedCredentialSignsInToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i := w.integration(vault.IntegrationEdit{Name: new("typed"), Secret: secret.FromString(canary), AddAllowed: prefixes("10.0.0.0/24")})
	if got := w.signIn("typed", secret.FromString(canary)); got.Integration.ID != i.ID {
		t.Error(got)
	}
	_, err := w.LogIn(t.Context(), door("10.0.0.1"), "typed", secret.FromString(canary+"x"))
	turnedAway(t, err, pam.ErrSignInRefused, vault.CauseWrongCredential)
}

func TestLoggingOutEndsTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, credential := w.applicant("nightly")
	first, second := w.signIn("nightly", credential), w.signIn("nightly", credential)
	if err := w.LogOut(t.Context(), door("10.0.0.1"), first.Token); err != nil {
		t.Fatal(err)
	}
	turnedAway(t, w.LogOut(t.Context(), door("10.0.0.1"), first.Token), pam.ErrTokenRefused, vault.CauseUnknownToken)
	if _, err := w.Authenticate(t.Context(), door("10.0.0.1"), second.Token); err != nil {
		t.Error("the other token ended too:", err)
	}
	if !strings.HasSuffix(w.kinds(), "integration.login:done integration.login:done integration.logout:done integration.login_refused:token_refused") {
		t.Error(w.kinds())
	}
}

// TestATokenEndsWithWhatItStandsOn changes an integration in every way that
// must end its tokens, and back, and in ways that must not.
func TestATokenEndsWithWhatItStandsOn(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, c := range map[string]struct {
		edits []vault.IntegrationEdit
		cause vault.Cause
	}{
		"deactivated":              {[]vault.IntegrationEdit{{Active: &no}}, vault.CauseRevokedToken},
		"deactivated and back":     {[]vault.IntegrationEdit{{Active: &no}, {Active: &yes}}, vault.CauseRevokedToken},
		"rotated":                  {[]vault.IntegrationEdit{{Generate: true}}, vault.CauseRevokedToken},
		"a typed one instead":      {[]vault.IntegrationEdit{{Secret: secret.FromString(canary)}}, vault.CauseRevokedToken},
		"another way to sign in":   {[]vault.IntegrationEdit{{Auth: new(vault.AuthWindows), Account: new(`EX\svc`)}}, vault.CauseRevokedToken},
		"address removed":          {[]vault.IntegrationEdit{{DropAllowed: prefixes("10.0.0.0/24")}}, vault.CauseRevokedToken},
		"address removed and back": {[]vault.IntegrationEdit{{DropAllowed: prefixes("10.0.0.0/24")}, {AddAllowed: prefixes("10.0.0.0/24")}}, vault.CauseRevokedToken},
		"addresses narrowed":       {[]vault.IntegrationEdit{{Allowed: new(prefixes("10.0.0.2"))}}, vault.CauseRevokedToken},
		"addresses widened":        {[]vault.IntegrationEdit{{Allowed: new(prefixes("10.0.0.0/16"))}}, ""},
		"an address more":          {[]vault.IntegrationEdit{{AddAllowed: prefixes("10.9.0.1")}}, ""},
		"renamed and described":    {[]vault.IntegrationEdit{{Name: new("other"), Description: new("d"), Grants: new([]vault.Pattern{{System: "*", Account: "*"}})}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			i, credential := w.applicant("nightly")
			token := w.signIn("nightly", credential).Token
			servers := []*vault.Service{w.Service, w.open()} // both recall the integration
			for _, s := range servers {
				if _, err := s.Authenticate(t.Context(), door("10.0.0.1"), token); err != nil {
					t.Fatal(err)
				}
			}
			for _, edit := range c.edits {
				if _, err := w.EditIntegration(t.Context(), admin("root"), i.ID, 0, edit); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range servers {
				_, err := s.Authenticate(t.Context(), door("10.0.0.1"), token)
				if c.cause != "" {
					turnedAway(t, err, pam.ErrTokenRefused, c.cause)
				} else if err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestATokenEndsWithItsIntegrationAlsoWhenTheNameComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, credential := w.applicant("nightly")
	token := w.signIn("nightly", credential).Token
	if _, err := w.DeleteIntegration(t.Context(), admin("root"), i.ID); err != nil {
		t.Fatal(err)
	}
	w.applicant("nightly")
	_, err := w.Authenticate(t.Context(), door("10.0.0.1"), token)
	turnedAway(t, err, pam.ErrTokenRefused, vault.CauseUnknownToken)
	_, err = w.LogIn(t.Context(), door("10.0.0.1"), "nightly", credential)
	turnedAway(t, err, pam.ErrSignInRefused, vault.CauseWrongCredential)
}

func TestATokenServesOnlyTheAddressThatAskedForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, credential := w.applicant("nightly")
	token := w.signIn("nightly", credential).Token
	_, err := w.Authenticate(t.Context(), door("10.0.0.2"), token)
	turnedAway(t, err, pam.ErrTokenRefused, vault.CauseForeignToken)
	_, err = w.Authenticate(t.Context(), vault.Door{}, token)
	turnedAway(t, err, pam.ErrTokenRefused, vault.CauseForeignToken)
	if _, err := w.Authenticate(t.Context(), door("10.0.0.1"), token); err != nil {
		t.Error("the rightful holder was put out:", err)
	}
}

func TestOnlyWhoHasTheCredentialLearnsThatHeIsDenied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	i, credential := w.applicant("nightly")
	_, err := w.LogIn(t.Context(), door("192.0.2.1"), "nightly", credential)
	turnedAway(t, err, pam.ErrDenied, vault.CauseAddress)
	if _, err := w.EditIntegration(t.Context(), admin("root"), i.ID, 0, vault.IntegrationEdit{Active: new(false)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.LogIn(t.Context(), door("10.0.0.1"), "nightly", credential)
	turnedAway(t, err, pam.ErrDenied, vault.CauseInactive)
	_, err = w.LogIn(t.Context(), door("192.0.2.1"), "nightly", secret.FromString(canary))
	turnedAway(t, err, pam.ErrSignInRefused, vault.CauseWrongCredential)
}

// work counts what a Service does that takes time.
type work struct {
	*fakeStore
	hashes, views, updates int
}

func (w *work) Do(_ context.Context, hash func()) error {
	w.hashes++
	hash()
	return nil
}

func (w *work) View(ctx context.Context, read func(context.Context, vault.Reader) error) error {
	w.views++
	return w.fakeStore.View(ctx, read)
}

func (w *work) Glance(ctx context.Context, read func(context.Context, vault.Reader) error) error {
	return w.View(ctx, read)
}

func (w *work) Update(ctx context.Context, unit func(context.Context, vault.Tx) error) error {
	w.updates++
	return w.fakeStore.Update(ctx, unit)
}

func TestANameThatThereIsNotCostsTheSameWorkAndGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, generated := w.applicant("generated")
	_, known := w.applicant("known")
	w.integration(vault.IntegrationEdit{Name: new("typed"), Secret: secret.FromString(canary + "typed"), AddAllowed: prefixes("10.0.0.0/24")})
	w.integration(vault.IntegrationEdit{Name: new("windows"), Auth: new(vault.AuthWindows), Account: new(`EX\svc`)})
	w.integration(vault.IntegrationEdit{Name: new("bare")})
	w.integration(vault.IntegrationEdit{Name: new("inactive"), Active: new(false), Secret: secret.FromString(canary + "inactive")})
	other, _ := vault.ProveGenerated()
	for shape, guess := range map[string]secret.Value{"typed": secret.FromString(canary), "generated": other, "empty": {}, "long": secret.FromString(strings.Repeat("x", 1025))} {
		spent, answers := map[string]work{}, map[string]string{}
		for _, name := range []string{"typed", "generated", "known", "windows", "bare", "inactive", "nobody", "Nobody Else"} {
			spy := &work{fakeStore: w.store}
			s, err := vault.Open(t.Context(), vault.Options{Store: spy, Keys: w.keys, Clock: w.clock, Slow: spy})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.LogIn(t.Context(), door("10.0.0.1"), "known", known); err != nil {
				t.Error(err)
			}
			spy.hashes, spy.views, spy.updates = 0, 0, 0
			for range 3 {
				_, err = s.LogIn(t.Context(), door("10.0.0.1"), name, guess)
			}
			if !errors.Is(err, pam.ErrSignInRefused) {
				t.Error(name, err)
			}
			r, _ := errors.AsType[*vault.Refusal](err)
			spy.fakeStore = nil
			spent[name], answers[name] = *spy, r.Error()+r.Failure.Hint
		}
		for name, s := range spent {
			if s != spent["nobody"] || answers[name] != answers["nobody"] {
				t.Errorf("%s: %s costs %+v (%s), nobody %+v (%s)", shape, name, s, answers[name], spent["nobody"], answers["nobody"])
			}
		}
		if slow := shape == "typed"; (spent["nobody"].hashes == 3) != slow {
			t.Errorf("%s: %+v", shape, spent["nobody"])
		}
	}
	if _, err := w.LogIn(t.Context(), door("10.0.0.1"), "generated", generated); err != nil {
		t.Error(err)
	}
}

func TestABusyGateIsHandedToTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, err := vault.Open(t.Context(), vault.Options{Store: w.store, Keys: w.keys, Clock: w.clock, Slow: busy{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.LogIn(t.Context(), door("10.0.0.1"), "x", secret.FromString(canary)); !errors.Is(err, errBusy) {
		t.Error(err)
	}
}

var errBusy = errors.New("busy")

type busy struct{}

func (busy) Do(context.Context, func()) error { return errBusy }

func TestAPrincipalSignsInByTheSpellingsOfItsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, account := range map[string]string{"ad": `EX\svc-ad`, "mit": "svc/app@EX.ORG", "both": `EX\both`, "same": "both@EX.ORG"} {
		w.integration(vault.IntegrationEdit{Name: &name, Auth: new(vault.AuthWindows), Account: &account, AddAllowed: prefixes("10.0.0.0/24")})
	}
	_, credential := w.applicant("nightly")
	for _, c := range []struct {
		principal string
		also      []string
		want      string
		cause     vault.Cause
	}{
		{`EX\svc-ad`, nil, "ad", ""},
		{`ex\SVC-AD`, nil, "ad", ""},
		{"SVC-AD@EX.ORG", []string{`EX\SVC-AD`}, "ad", ""},
		{"svc-ad@EX.ORG", nil, "", vault.CauseUnknownAccount},
		{"svc/app@EX.ORG", nil, "mit", ""},
		{"SVC/app@EX.ORG", nil, "", vault.CauseUnknownAccount},
		{"SVC/app@EX.ORG", []string{"SVC/app@EX.ORG"}, "mit", ""},
		{"both@EX.ORG", []string{`EX\both`}, "", vault.CauseManyAccounts},
		{"", nil, "", vault.CauseUnknownAccount},
		{"a\x00b@EX.ORG", nil, "", vault.CauseUnknownAccount},
	} {
		got, err := w.LogInPrincipal(t.Context(), door("10.0.0.1"), c.principal, c.also...)
		if c.cause != "" {
			turnedAway(t, err, pam.ErrSignInRefused, c.cause)
			continue
		}
		if err != nil || got.Integration.Name != c.want {
			t.Errorf("%s: %s, %v", c.principal, got.Integration.Name, err)
			continue
		}
		if _, err := w.Authenticate(t.Context(), door("10.0.0.1"), got.Token); err != nil {
			t.Error(err)
		}
	}
	_, err := w.LogInPrincipal(t.Context(), door("192.0.2.1"), `EX\svc-ad`)
	turnedAway(t, err, pam.ErrDenied, vault.CauseAddress)
	_, err = w.LogIn(t.Context(), door("10.0.0.1"), "ad", credential)
	turnedAway(t, err, pam.ErrSignInRefused, vault.CauseWrongCredential)
}
