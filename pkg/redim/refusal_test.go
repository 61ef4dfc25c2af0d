package redim_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/secret"
)

// wantFailure checks the class, a word of the hint, certainty, and that no
// secret is in it.
func wantFailure(t *testing.T, err error, class pam.Class, hint string, uncertain bool) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok {
		t.Errorf("the failure is %#v, want %s", err, class)
		return
	}
	if f.Class != class || !strings.Contains(f.Hint, hint) || f.Hint == "" || errors.Is(err, pam.ErrUncertain) != uncertain {
		t.Errorf("the failure is %s %q, hint %q, uncertain %v; want %s with %q, uncertain %v", f.Class, f.Message, f.Hint, errors.Is(err, pam.ErrUncertain), class, hint, uncertain)
	}
	if strings.Contains(f.Message+f.Hint, "c4nary") {
		t.Errorf("a secret is in %q, %q", f.Message, f.Hint)
	}
}

func ids(names ...string) (out []pam.Identity) {
	for _, n := range names {
		domain, name, ok := strings.Cut(n, `\`)
		if !ok {
			domain, name = "", n
		}
		out = append(out, pam.Identity{Domain: domain, Name: name})
	}
	return out
}

// refusalCase is something the service says no to, and what that is under the
// profiles with (C) and without (A, B) a reason.
type refusalCase struct {
	name       string
	ask        func(ctx context.Context, c *redim.Client) error
	told       pam.Class
	toldHint   string
	untold     pam.Class
	untoldHint string
}

func refusalCases() []refusalCase {
	list := func(id pam.Identity) func(context.Context, *redim.Client) error {
		return func(ctx context.Context, c *redim.Client) error {
			_, err := c.Stored(ctx, id, "web01")
			return err
		}
	}
	checkOut := func(id pam.Identity, cred pam.Credential) func(context.Context, *redim.Client) error {
		return func(ctx context.Context, c *redim.Client) error {
			_, err := c.CheckOut(ctx, id, cred, "")
			return err
		}
	}
	web02 := pam.Credential{System: "web02", Account: "deploy", Type: pam.StoreUnix}
	return []refusalCase{
		{name: "nobody may act as dave", ask: list(ids(`EX\dave`)[0]), told: pam.ErrNoImpersonation, toldHint: "impersonation mapping", untold: pam.ErrNoImpersonation, untoldHint: "does not say which"},
		{name: "no such user", ask: list(ids(`EX\bob`)[0]), told: pam.ErrUserUnknown, toldHint: "domain_map", untold: pam.ErrNoImpersonation, untoldHint: "unknown to RED IM"},
		{name: "held by someone else", ask: checkOut(bob(), web02), told: pam.ErrCheckedOut, toldHint: "holder", untold: pam.ErrDenied, untoldHint: "someone else's check-out"},
		{name: "not to be seen", ask: checkOut(alice(), web02), told: pam.ErrNotFound, toldHint: "name", untold: pam.ErrDenied, untoldHint: "permission"},
		{name: "not checked out", ask: func(ctx context.Context, c *redim.Client) error {
			return c.CheckIn(ctx, bob(), pam.Credential{System: "web02", Account: "root", Type: pam.StoreUnix}, "")
		}, told: pam.ErrNotFound, toldHint: "name", untold: pam.ErrDenied, untoldHint: "does not say why"},
		{name: "no such list", ask: func(ctx context.Context, c *redim.Client) error {
			_, err := c.SharedEntries(ctx, alice(), "nothing")
			return err
		}, told: pam.ErrNotFound, toldHint: "name", untold: pam.ErrDenied, untoldHint: "does not say why"},
		{name: "no right to jobs", ask: func(ctx context.Context, c *redim.Client) error {
			_, err := c.JobSettings(ctx, alice(), 101)
			return err
		}, told: pam.ErrSpinNotPermitted, toldHint: "spin_jobs", untold: pam.ErrDenied, untoldHint: "does not say why"},
		{name: "no right to create jobs", ask: func(ctx context.Context, c *redim.Client) error {
			_, err := c.CreatePasswordJob(ctx, alice(), []byte(`{"SystemList":"web01"}`))
			return err
		}, told: pam.ErrSpinNotPermitted, toldHint: "All Access", untold: pam.ErrDenied, untoldHint: "does not say why"},
	}
}

func TestRefusalsAreClassifiedUnderEveryErrorProfile(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, spoken string, profile redimtest.ErrorProfile) {
		for _, c := range refusalCases() {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, redimtest.Options{Errors: profile, Dialect: spoken})
				err := c.ask(t.Context(), b.client())
				if profile == redimtest.ErrorsAsStatus {
					wantFailure(t, err, c.told, c.toldHint, false)
				} else {
					wantFailure(t, err, c.untold, c.untoldHint, false)
				}
				if stats := b.Stats(); stats.Logins.Delegation > 1 || stats.Logins.Impersonated > 1 || stats.Checkouts.Made > 0 {
					t.Errorf("the stats are %+v", stats)
				}
			})
		}
	})
}

func TestAWrongPasswordIsTriedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, spoken string, profile redimtest.ErrorProfile) {
		b := newBench(t, redimtest.Options{Errors: profile, Dialect: spoken})
		b.config.APIPassword = func(context.Context) (secret.Value, error) { return secret.FromString("c4nary-wrong"), nil }
		c := b.client()
		wantFailure(t, c.SignIn(t.Context()), pam.ErrDelegationRefused, "api_password", false)
		if ops := b.Stats().Operations; ops["DoLogin2"]+ops["DoLogin"] != 1 {
			t.Errorf("profile %s: asked for %v", profile, ops)
		}
		b.config.Authenticator = "EX"
		_, err := b.client().Stored(t.Context(), alice(), "web01")
		wantFailure(t, err, pam.ErrDelegationRefused, "NetBIOS", false)
	})
}

// each runs a test in every dialect under every error profile.
func each(t *testing.T, run func(t *testing.T, spoken string, profile redimtest.ErrorProfile)) {
	t.Helper()
	for _, spoken := range dialect.Spoken() {
		for _, profile := range []redimtest.ErrorProfile{redimtest.ErrorsAs200, redimtest.ErrorsAsHTML, redimtest.ErrorsAsStatus} {
			t.Run(spoken+" "+string(profile), func(t *testing.T) {
				t.Parallel()
				run(t, spoken, profile)
			})
		}
	}
}

func TestAPasswordThatCanNotBeHadIsItsSourcesFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	b.config.APIPassword = func(context.Context) (secret.Value, error) {
		return secret.Value{}, pam.Failf(pam.ErrInterrupted, "prompt ended").WithHint("x")
	}
	wantFailure(t, b.client().SignIn(t.Context()), pam.ErrInterrupted, "x", false)
	b.config.APIPassword = func(context.Context) (secret.Value, error) { return secret.Value{}, nil }
	wantFailure(t, b.client().SignIn(t.Context()), pam.ErrUsage, "source", false)
	b.config.APIPassword = nil
	wantFailure(t, b.client().SignIn(t.Context()), pam.ErrUsage, "env:NAME", false)
	if n := len(b.Stats().Operations); n != 0 {
		t.Errorf("%d operations were used", n)
	}
}

func TestASystemThatIsUnknownHasNoCredentials(t *testing.T) {
	t.Parallel()
	estate := redimtest.SampleEstate()
	estate.Service.UnknownSystem = "not_found"
	b := newBench(t, redimtest.Options{Estate: estate})
	if found, err := b.client().Stored(t.Context(), alice(), "web99"); err != nil || len(found) != 0 {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestAnOperationThatIsNotThereIsNoRefusal(t *testing.T) {
	t.Parallel()
	estate := redimtest.SampleEstate()
	estate.Service.MissingOperations = []string{"DoLoginImpersonated"}
	estate.Service.RenamedOperations = map[string]string{"AccountStoreOps_StoredCredential_GetListForSystem": "ListStored"}
	b := newBench(t, redimtest.Options{Estate: estate})
	_, err := b.client().Stored(t.Context(), alice(), "web01")
	wantFailure(t, err, pam.ErrProtocol, "dialect_operations.log_in_as", false)
	self := pam.Identity{Name: b.APIUser()}
	_, err = b.client().Stored(t.Context(), self, "web01")
	wantFailure(t, err, pam.ErrProtocol, "dialect_operations.stored_list", false)
	b.config.Operations = map[string]any{"stored_list": map[string]any{"operation": "ListStored", "attested": "certain"}}
	c := b.client()
	if found, err := c.Stored(t.Context(), self, "web01"); err != nil || len(found) == 0 {
		t.Errorf("under its real name: %v, %v", found, err)
	}
	if names := c.Unattested(); len(names) != 0 {
		t.Errorf("unattested are %v", names)
	}
	b.config.ServiceURL = b.URL() + "/Other/AuthService.svc" // the name of the application is free
	if err := b.client().SignIn(t.Context()); err != nil {
		t.Error(err)
	}
	b.config.Operations = map[string]any{"log_in": map[string]any{"path": "/nowhere"}}
	wantFailure(t, b.client().SignIn(t.Context()), pam.ErrProtocol, "endpoint_url", false)
}
