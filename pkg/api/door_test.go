package api_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/api"
	"github.com/redim-tools/redim/pkg/auth"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// every calls each call that needs somebody, as c.
func every(c *caller, check func(*got)) {
	c.Helper()
	for path, methods := range theDocument(c).Paths {
		for method := range methods {
			if strings.HasPrefix(path, "/v1/") && path != "/v1/login" {
				check(c.send(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "x"), nil))
			}
		}
	}
}

func TestNobodyGetsInWithoutAToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	every(w.anybody(), func(g *got) {
		if g.want(http.StatusUnauthorized, "unauthenticated").header.Get("WWW-Authenticate") != `Bearer realm="vault"` {
			t.Errorf("%v", g.header)
		}
	})
	good := w.signIn().header.Get("Authorization")
	for _, bad := range []string{"Bearer", "Bearer ", good[:len(good)-1] + "!", good + "A", strings.Replace(good, "Bearer", "Basic", 1), "Bearer " + strings.Repeat("A", 43), "Bearer " + strings.Repeat("A", 48), "Bearer \t" + good[7:]} {
		w.anybody().with("Authorization", bad).get("/v1/checkouts").want(http.StatusUnauthorized, "unauthenticated")
	}
	twice := w.anybody().with("Authorization", good)
	twice.header.Add("Authorization", good)
	twice.get("/v1/checkouts").want(http.StatusUnauthorized, "unauthenticated")
	twice.post("/v1/logout", nil).want(http.StatusUnauthorized, "unauthenticated")
	w.anybody().with("Authorization", strings.Replace(good, "Bearer", "bearer", 1)).get("/v1/checkouts").want(http.StatusOK, "")
}

func TestAnUnknownSourceIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signIn()
	w.at("")
	every(c, func(g *got) { g.want(http.StatusForbidden, "forbidden") })
	w.anybody().post("/v1/login", nil).want(http.StatusForbidden, "forbidden")
	if !strings.Contains(w.log.String(), "the proxy 10.9.9.9 names nobody") {
		t.Error("the log does not say why")
	}
}

func TestATokenIsGoodFromItsAddressAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signIn()
	c.get("/v1/checkouts").want(http.StatusOK, "")
	w.at("10.1.2.3") // allowed, and another one
	c.get("/v1/checkouts").want(http.StatusUnauthorized, "unauthenticated")
	w.at("192.0.2.1") // not allowed
	c.get("/v1/checkouts").want(http.StatusUnauthorized, "unauthenticated")
	w.anybody().post("/v1/login", map[string]any{"name": "nightly", "credential": w.secret}).want(http.StatusForbidden, "forbidden")
	if log := w.log.String(); !strings.Contains(log, "from 192.0.2.1, which is not among the allowed addresses") || !strings.Contains(log, "it was given to 127.0.0.1") {
		t.Errorf("the log does not say why: %s", log)
	}
}

func TestATokenEndsWithItsIntegration(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]vault.IntegrationEdit{
		"deactivated": {Active: new(false)}, "an address less": {Allowed: &[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, "another secret": {Generate: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.credential("web01/backup", "")
			c := w.signIn()
			if _, err := w.EditIntegration(t.Context(), admin("root"), w.app.ID, 0, edit); err != nil {
				t.Fatal(err)
			}
			c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "backup"}).want(http.StatusUnauthorized, "unauthenticated")
		})
	}
}

// TestARecognisedTokenEndsAtOnce ends a token by another process, after a check-out
// by it; the next one is refused, whatever else is wrong with it.
func TestARecognisedTokenEndsAtOnce(t *testing.T) {
	t.Parallel()
	good := map[string]any{"system": "web01", "account": "backup"}
	for name, body := range map[string]any{
		"a check-out": good, "without an account": map[string]any{"system": "web01"}, "too long": map[string]any{"system": "web01", "account": "backup", "hours": 1e6},
		"what there is not": map[string]any{"system": "web99", "account": "backup"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.credential("web01/backup", w.policy(vault.PolicyEdit{Name: new("shared"), Exclusive: new(false)}).Name)
			c := w.signIn()
			for range 2 {
				c.post("/v1/checkouts", good).want(http.StatusCreated, "")
			}
			other, err := vault.Open(t.Context(), vault.Options{Store: w.store, Keys: w.keys, Clock: w.clock})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := other.EditIntegration(t.Context(), admin("root"), w.app.ID, 0, vault.IntegrationEdit{Generate: true}); err != nil {
				t.Fatal(err)
			}
			c.post("/v1/checkouts", body).want(http.StatusUnauthorized, "unauthenticated")
		})
	}
}

// TestARecognisedCallerIsAnsweredAsAnyOther asks what is refused, waits, or is
// found again, as the first thing by a token and after check-outs by it.
func TestARecognisedCallerIsAnsweredAsAnyOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", w.policy(vault.PolicyEdit{Name: new("shared"), Exclusive: new(false)}).Name)
	p := w.policy(vault.PolicyEdit{Name: new("asked"), Needed: new(1), Approvers: &[]string{"carol"}})
	w.credential("web02/backup", p.Name)
	for range 2 {
		c := w.signIn()
		for range 2 {
			c.post("/v1/checkouts", map[string]any{"system": "web02", "account": "backup"}).want(http.StatusAccepted, "")
			c.post("/v1/checkouts", map[string]any{"system": "web99", "account": "backup"}).want(http.StatusForbidden, "forbidden")
			first := c.with("Idempotency-Key", "k").post("/v1/checkouts", map[string]any{"system": "web01", "account": "backup"}).want(http.StatusCreated, "")
			again := c.with("Idempotency-Key", "k").post("/v1/checkouts", map[string]any{"system": "web01", "account": "backup"}).want(http.StatusCreated, "")
			if first.text("id") != again.text("id") {
				t.Error("another lease")
			}
			c.with("Idempotency-Key", "k").post("/v1/checkouts", map[string]any{"system": "web01", "account": "backup", "comment": "other"}).want(http.StatusUnprocessableEntity, "idempotency_mismatch")
		}
	}
}

func TestATokenEndsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.signIn()
	w.pass(vault.TokenLife - time.Second)
	c.get("/v1/checkouts").want(http.StatusOK, "")
	w.pass(time.Second)
	c.get("/v1/checkouts").want(http.StatusUnauthorized, "unauthenticated")
}

// TestARefusedLogInTellsNothing wants the same bytes for all that is wrong.
func TestARefusedLogInTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asleep, hidden := w.integration(vault.IntegrationEdit{Name: new("asleep"), Active: new(false), Allowed: &w.app.Allowed})
	bodies := map[string]map[string]any{
		"wrong": {"name": "nightly", "credential": canary}, "unknown": {"name": "nobody", "credential": canary}, "inactive": {"name": asleep.Name, "credential": hidden},
		"odd name": {"name": "a\u202eb", "credential": canary}, "empty": {"name": "", "credential": ""},
	}
	said := map[string]bool{}
	for name, body := range bodies {
		g := w.anybody().post("/v1/login", body).want(http.StatusForbidden, "forbidden")
		text := strings.Replace(string(g.body), g.text("request_id"), "", 1)
		if said[text] = true; len(said) > 1 {
			t.Errorf("%s: %s", name, g.body)
		}
	}
	for _, cause := range []string{"wrong_credential", "unknown_name", "inactive"} {
		if !strings.Contains(w.log.String(), `"cause":"`+cause+`"`) {
			t.Errorf("the log does not tell %s", cause)
		}
	}
}

func TestALogInWithoutProofIsAskedForOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.anybody().post("/v1/login", nil).want(http.StatusUnauthorized, "unauthenticated")
	w.anybody().with("Authorization", "Negotiate "+base64.StdEncoding.EncodeToString([]byte("x"))).post("/v1/login", nil).want(http.StatusUnauthorized, "unauthenticated")
}

func TestAWindowsAccountSignsInByItsTicket(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, func(o *api.Options) {
		o.Negotiate = func(ctx context.Context, d vault.Door, token []byte) (vault.Admission, []byte, error) {
			if string(token) != "a ticket" {
				return vault.Admission{}, nil, pam.Failf(pam.ErrSignInRefused, "no ticket")
			}
			got, err := w.LogInPrincipal(ctx, d, "svc@EXAMPLE.LOCAL")
			return got, []byte("a reply"), err
		}
	})
	account := "svc@EXAMPLE.LOCAL"
	windows := vault.AuthWindows
	if _, err := w.CreateIntegration(t.Context(), admin("root"), vault.IntegrationEdit{Name: new("win"), Auth: &windows, Account: &account, Allowed: &w.app.Allowed}); err != nil {
		t.Fatal(err)
	}
	if g := w.anybody().post("/v1/login", nil).want(http.StatusUnauthorized, "unauthenticated"); g.header.Get("WWW-Authenticate") != "Negotiate" {
		t.Errorf("%v", g.header)
	}
	ticket := func(text string) *caller {
		return w.anybody().with("Authorization", "Negotiate "+base64.StdEncoding.EncodeToString([]byte(text)))
	}
	g := ticket("a ticket").post("/v1/login", nil).want(http.StatusOK, "")
	if g.text("integration", "name") != "win" || g.header.Get("WWW-Authenticate") != "Negotiate "+base64.StdEncoding.EncodeToString([]byte("a reply")) {
		t.Errorf("%s %v", g.body, g.header)
	}
	ticket("none").post("/v1/login", nil).want(http.StatusForbidden, "forbidden")
	ticket("").post("/v1/login", nil).want(http.StatusUnauthorized, "unauthenticated")
	ticket("a ticket").post("/v1/login", map[string]any{"name": "win"}).want(http.StatusBadRequest, "malformed_request")
	w.anybody().with("Authorization", "Negotiate !").post("/v1/login", nil).want(http.StatusUnauthorized, "unauthenticated")
}

// nothingFree is a limit of slow hashes that is reached.
type nothingFree struct{}

func (nothingFree) Do(context.Context, func()) error {
	return &auth.BusyError{Failure: pam.Failf(pam.ErrUnreachable, "busy")}
}

func TestWhoSignsInWhileTooManyDoIsToldToComeAgain(t *testing.T) {
	t.Parallel()
	var w *world
	w = newWorld(t, func(o *api.Options) {
		o.LogIn = func(ctx context.Context, d vault.Door, name string, credential secret.Value) (vault.Admission, error) {
			s, err := vault.Open(ctx, vault.Options{Store: w.store, Keys: w.keys, Clock: w.clock, Slow: nothingFree{}})
			if err != nil {
				return vault.Admission{}, err
			}
			return s.LogIn(ctx, d, name, credential)
		}
	})
	g := w.anybody().post("/v1/login", map[string]any{"name": "nightly", "credential": canary}).want(http.StatusServiceUnavailable, "busy")
	if g.header.Get("Retry-After") != "1" {
		t.Error(g.header)
	}
	w.anybody().post("/v1/login", map[string]any{"name": "nightly", "credential": w.secret}).want(http.StatusOK, "") // a generated one need not wait
}

// slow is how a throttle refuses.
type slow struct{}

func (slow) Error() string             { return "slow down" }
func (slow) RetryAfter() time.Duration { return 1500 * time.Millisecond }

func TestWhoGuessesIsSlowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *api.Options) {
		o.LogIn = func(context.Context, vault.Door, string, secret.Value) (vault.Admission, error) {
			return vault.Admission{}, slow{}
		}
	})
	g := w.anybody().post("/v1/login", map[string]any{"name": "nightly", "credential": canary}).want(http.StatusTooManyRequests, "too_many_attempts")
	if g.header.Get("Retry-After") != "2" {
		t.Errorf("%v", g.header)
	}
}

func TestHealthAndMetricsAreForThisMachine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		w.at("10.1.2.3")
		w.anybody().get(path).want(http.StatusNotFound, "no_such_call")
		w.at("127.0.0.1")
		w.anybody().get(path).want(http.StatusOK, "")
	}
	if got := w.metric(`redim_api_calls_total{route="/healthz",method="GET",status="404",code="no_such_call"}`); got != "1" {
		t.Errorf("counted %q", got)
	}
}

// metric reads one value, at the listener for it.
func (w *world) metric(name string) string {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, "/metrics", nil)
	if err != nil {
		w.Fatal(err)
	}
	rec := newRecorder()
	w.api.Care().ServeHTTP(rec, r)
	for line := range strings.Lines(rec.body.String()) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
