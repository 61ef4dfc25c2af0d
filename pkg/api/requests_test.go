package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// asks makes a credential that needs approval, and asks for it.
func asks(t *testing.T, change ...func(*vault.PolicyEdit)) (*world, *caller, string) {
	t.Helper()
	w := newWorld(t)
	edit := vault.PolicyEdit{Name: new("asks"), Needed: new(1)}
	for _, c := range change {
		c(&edit)
	}
	w.policy(edit)
	w.credential("web01/root", "asks")
	c := w.signIn()
	got := c.with("Idempotency-Key", "k1").post("/v1/checkouts", theRoot()).want(http.StatusAccepted, "")
	id := got.text("id")
	if got.text("state") != "pending" || got.header.Get("Location") != "/v1/requests/"+id || got.value("approvals_needed") != 1.0 || got.text("reason") != "backups; patch" {
		t.Errorf("%s", got.body)
	}
	return w, c, id
}

func theRoot() map[string]any {
	return map[string]any{"system": "web01", "account": "root", "hours": 1, "reason": "patch", "comment": "as agreed", "ticket": "CHG-2"}
}

// untilOneWaits returns when a call waits for a decision.
func (w *world) untilOneWaits() {
	for w.metric("redim_api_requests_waited_for") != "1" {
		time.Sleep(time.Millisecond)
	}
}

func (w *world) decide(id string, approve bool) {
	w.Helper()
	if _, err := w.Decide(w.Context(), admin("carol"), id, approve, ""); err != nil {
		w.Error(err)
	}
}

func TestAnApprovedRequestIsCollectedOnceByWhoWaits(t *testing.T) {
	t.Parallel()
	w, c, id := asks(t)
	if again := c.with("Idempotency-Key", "k1").post("/v1/checkouts", theRoot()).want(http.StatusAccepted, ""); again.text("id") != id {
		t.Errorf("a repetition made another request: %s", again.body)
	}
	c.get("/v1/requests/"+id).want(http.StatusAccepted, "")
	c.get("/v1/requests/"+id+"?wait=1ms").want(http.StatusAccepted, "")
	answers := make(chan *got, 3)
	var all sync.WaitGroup
	for range cap(answers) {
		all.Go(func() { answers <- c.get("/v1/requests/" + id + "?wait=60s") })
	}
	w.decide(id, true)
	all.Wait()
	close(answers)
	released := ""
	for got := range answers {
		switch got.status {
		case http.StatusCreated:
			released += got.text("secret")
			if got.text("request") != id || got.text("comment") != "by contract; as agreed" || got.text("reason") != "backups; patch" || got.text("ticket") != "CHG-2" || got.text("expires_at") != "2026-03-01T13:00:00Z" {
				t.Errorf("%s", got.body)
			}
		case http.StatusOK:
			if got.text("state") != "collected" {
				t.Errorf("%s", got.body)
			}
		default:
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if released != canary+" of web01/root" {
		t.Errorf("released %d bytes", len(released))
	}
	one := c.get("/v1/requests/"+id).want(http.StatusOK, "")
	if one.text("state") != "collected" || one.text("checkout") == "" || strings.Contains(string(one.body), "c4nary") {
		t.Errorf("%s", one.body)
	}
	again := c.with("Idempotency-Key", "k1").post("/v1/checkouts", theRoot()).want(http.StatusCreated, "")
	if again.text("id") != one.text("checkout") {
		t.Errorf("whose answer was lost got another check-out: %s", again.body)
	}
	c.post("/v1/requests/"+id+"/drop", nil).want(http.StatusConflict, "conflict")
}

func TestADeniedRequestIsTold(t *testing.T) {
	t.Parallel()
	w, c, id := asks(t)
	answer := make(chan *got, 1)
	go func() { answer <- c.get("/v1/requests/" + id + "?wait=60s") }()
	w.decide(id, false)
	if got := (<-answer).want(http.StatusOK, ""); got.text("state") != "rejected" {
		t.Errorf("%s", got.body)
	}
	c.with("Idempotency-Key", "k1").post("/v1/checkouts", theRoot()).want(http.StatusConflict, "conflict")
}

func TestAWaitEndsWithTheServer(t *testing.T) {
	t.Parallel()
	w, c, id := asks(t)
	answer := make(chan *got, 1)
	go func() { answer <- c.get("/v1/requests/" + id + "?wait=60s") }()
	w.untilOneWaits()
	w.api.Stop()
	if got := (<-answer).want(http.StatusAccepted, ""); got.text("state") != "pending" || got.header.Get("Retry-After") == "" {
		t.Errorf("%s", got.body)
	}
	if got := c.get("/v1/requests").want(http.StatusServiceUnavailable, "stopping"); got.header.Get("Retry-After") == "" {
		t.Error("when to try again is not said")
	}
}

func TestARequestIsDroppedByItsOwnerAlone(t *testing.T) {
	t.Parallel()
	w, c, id := asks(t)
	if list := c.get("/v1/requests").want(http.StatusOK, ""); list.items("id") != id {
		t.Errorf("%s", list.body)
	}
	_, w.secret = w.integration(vault.IntegrationEdit{Name: new("other"), Allowed: &w.app.Allowed, Grants: &w.app.Grants})
	got := w.anybody().post("/v1/login", map[string]any{"name": "other", "credential": w.secret}).want(http.StatusOK, "")
	other := w.anybody().with("Authorization", "Bearer "+got.text("token"))
	if list := other.get("/v1/requests").want(http.StatusOK, ""); list.items("id") != "" {
		t.Errorf("%s", list.body)
	}
	other.get("/v1/requests/"+id).want(http.StatusNotFound, "not_found")
	other.post("/v1/requests/"+id+"/drop", nil).want(http.StatusNotFound, "not_found")
	if got := c.post("/v1/requests/"+id+"/drop", nil).want(http.StatusOK, ""); got.text("state") != "dropped" {
		t.Errorf("%s", got.body)
	}
	w.pass(time.Hour)
	c.get("/v1/requests/"+id).want(http.StatusUnauthorized, "unauthenticated")
}

func TestWhatIsHeldIsNotCollectedYet(t *testing.T) {
	t.Parallel()
	w, c, id := asks(t)
	i, _ := w.integration(vault.IntegrationEdit{
		Name: new("other"), Allowed: &w.app.Allowed, Grants: &w.app.Grants, Skip: &vault.Skip{Justification: "change 4711"},
	})
	session, err := w.Session(vault.Ask{Actor: vault.Actor{Kind: vault.ActorIntegration, ID: i.ID, Name: i.Name}})
	if err != nil {
		t.Fatal(err)
	}
	root := pam.Credential{System: "web01", Account: "root"}
	if _, err := session.CheckOut(t.Context(), pam.Identity{}, root, ""); err != nil {
		t.Fatal(err)
	}
	w.decide(id, true)
	if got := c.get("/v1/requests/"+id+"?collect=no").want(http.StatusOK, ""); got.text("state") != "approved" {
		t.Errorf("%s", got.body)
	}
	if got := c.get("/v1/requests/"+id+"?wait=60s").want(http.StatusConflict, "checked_out"); strings.Contains(string(got.body), "other") {
		t.Errorf("it tells who holds it: %s", got.body)
	}
	if err := session.CheckIn(t.Context(), pam.Identity{}, root, ""); err != nil {
		t.Fatal(err)
	}
	c.get("/v1/requests/"+id).want(http.StatusCreated, "")
}

// TestWhatAnotherCallCollectedInVainCanBeAskedForAgain has another call hold a
// request as collected only while this one tries to collect it.
func TestWhatAnotherCallCollectedInVainCanBeAskedForAgain(t *testing.T) {
	t.Parallel()
	w, c, id := asks(t)
	w.decide(id, true)
	change := func(to func(vault.Request) (vault.Request, error)) error {
		return w.store.Update(t.Context(), func(ctx context.Context, tx vault.Tx) error {
			r, err := tx.Request(ctx, id)
			if err == nil {
				r, err = to(r)
			}
			return errors.Join(err, tx.ChangeRequest(ctx, r))
		})
	}
	w.store.mu.Lock()
	w.store.around = func(collect func() error) error {
		err := change(func(r vault.Request) (vault.Request, error) { return r.Collect("l1"), nil })
		return errors.Join(err, collect(), change(func(r vault.Request) (vault.Request, error) { return r.Reopen("l1") }))
	}
	w.store.mu.Unlock()
	if got := c.get("/v1/requests/"+id).want(http.StatusConflict, "conflict"); !strings.Contains(got.text("detail"), "ask again") {
		t.Errorf("%s", got.body)
	}
	c.get("/v1/requests/"+id).want(http.StatusCreated, "")
}

func TestARequestLapsesAtTheEndOfItsTime(t *testing.T) {
	t.Parallel()
	for then, state := range map[vault.Fallback]string{vault.ThenReject: "rejected", vault.ThenAccept: "lapsed"} {
		w, _, id := asks(t, func(e *vault.PolicyEdit) { e.Then = &then })
		w.pass(vault.DefaultWait + vault.CollectWait)
		if got := w.signIn().get("/v1/requests/"+id).want(http.StatusOK, ""); got.text("state") != state {
			t.Errorf("%s: %s", then, got.body)
		}
	}
}

func TestAnApprovalIsSkippedWithAJustification(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("asks"), Needed: new(1)})
	w.credential("web01/root", "asks")
	until := w.now.Add(time.Minute)
	if _, err := w.EditIntegration(t.Context(), admin("root"), w.app.ID, 0, vault.IntegrationEdit{Skip: &vault.Skip{Justification: "change 4711", Until: until}}); err != nil {
		t.Fatal(err)
	}
	c := w.signIn()
	out := c.post("/v1/checkouts", theRoot()).want(http.StatusCreated, "")
	c.post("/v1/checkouts/"+out.text("id")+"/checkin", nil).want(http.StatusOK, "")
	w.pass(time.Minute)
	c.post("/v1/checkouts", theRoot()).want(http.StatusAccepted, "")
	page, err := w.Skips(t.Context(), 10, "")
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%+v, %v", page, err)
	}
}

// TestWhoWaitsIsLookedAtAgainWhenTheWaitEnds approves the request of a caller who
// waits, after its token has come to an end; the secret is still there for one who
// signs in anew.
// TestATokenMayEndAtAnyInstantOfACall ends it at each look at the clock in turn: the
// caller gets the secret, or is told to sign in, and then another token gets it.
func TestATokenMayEndAtAnyInstantOfACall(t *testing.T) {
	t.Parallel()
	answers := make(chan int, 16)
	t.Run("each", func(t *testing.T) {
		for looks := range cap(answers) {
			t.Run(strconv.Itoa(looks), func(t *testing.T) {
				t.Parallel()
				w, c, id := asks(t)
				w.decide(id, true)
				w.endAt(looks)
				got := c.get("/v1/requests/" + id)
				w.endAt(0)
				answers <- got.status
				if got.status != http.StatusCreated {
					got.want(http.StatusUnauthorized, "unauthenticated")
					got = w.signIn().get("/v1/requests/"+id).want(http.StatusCreated, "")
				}
				if got.text("secret") != canary+" of web01/root" {
					t.Errorf("%s", got.body)
				}
			})
		}
	})
	close(answers)
	count := map[int]int{}
	for status := range answers {
		count[status]++
	}
	if count[http.StatusCreated] == 0 || count[http.StatusUnauthorized] < 2 {
		t.Errorf("%v: the token did not end within the calls", count)
	}
}

func TestWhoWaitsIsLookedAtAgainWhenTheWaitEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*world, *caller)
		status int
		says   string
		again  bool // the caller can sign in after that
	}{
		"another credential": {func(w *world, _ *caller) { w.editApp(vault.IntegrationEdit{Generate: true}) }, http.StatusUnauthorized, "unauthenticated", true},
		"logged out":         {func(_ *world, c *caller) { c.post("/v1/logout", nil).want(http.StatusNoContent, "") }, http.StatusUnauthorized, "unauthenticated", true},
		"over":               {func(w *world, _ *caller) { w.pass(vault.TokenLife) }, http.StatusUnauthorized, "unauthenticated", true},
		"not active":         {func(w *world, _ *caller) { w.editApp(vault.IntegrationEdit{Active: new(false)}) }, http.StatusUnauthorized, "unauthenticated", false},
		"not from here": {func(w *world, _ *caller) {
			w.editApp(vault.IntegrationEdit{Allowed: &[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
		}, http.StatusUnauthorized, "unauthenticated", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c, id := asks(t)
			answer := make(chan *got, 1)
			go func() { answer <- c.get("/v1/requests/" + id + "?wait=60s") }()
			w.untilOneWaits()
			test.change(w, c)
			w.decide(id, true)
			got := (<-answer).want(test.status, test.says)
			if strings.Contains(string(got.body), "c4nary") {
				t.Errorf("it got the secret: %s", got.body)
			}
			if !test.again {
				return
			}
			if got := w.signIn().get("/v1/requests/"+id).want(http.StatusCreated, ""); got.text("secret") != canary+" of web01/root" {
				t.Errorf("%s", got.body)
			}
		})
	}
}
