package api_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// elsewhere is a source that can't be asked.
type elsewhere struct {
	mu  sync.Mutex
	err error
}

func (e *elsewhere) Engine(context.Context, string) (*engine.Engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return nil, e.err
}

// TestWhatAnotherSourceSaysToTheVaultIsNotSaidToTheCaller has the source of a
// credential fail in many ways. None of them is about the caller's own sign-in.
func TestWhatAnotherSourceSaysToTheVaultIsNotSaidToTheCaller(t *testing.T) {
	t.Parallel()
	there := &elsewhere{}
	w := newWorld(t)
	var err error
	if w.Service, err = vault.Open(t.Context(), vault.Options{Store: w.store, Keys: w.keys, Clock: w.clock, Upstreams: there}); err != nil {
		t.Fatal(err)
	}
	w.api.Vault = w.Service
	gate := w.policy(vault.PolicyEdit{Name: new("gate"), Needed: new(1)}).Name
	for system, policy := range map[string]string{"web01": "", "web02": gate} {
		edit := vault.CredentialEdit{System: new(system), Account: new("root"), Policy: &policy, Source: &vault.Source{Kind: vault.SourceRedIM, Profile: "p", User: `EX\alice`}}
		if _, err := w.CreateCredential(t.Context(), admin("root"), edit); err != nil {
			t.Fatal(err)
		}
	}
	c := w.signIn()
	waits := c.post("/v1/checkouts", map[string]any{"system": "web02", "account": "root"}).want(http.StatusAccepted, "").text("id")
	w.decide(waits, true)
	for class, want := range map[pam.Class]struct {
		status int
		code   string
	}{
		pam.ErrUnreachable:       {http.StatusServiceUnavailable, "source_unavailable"},
		pam.ErrTLS:               {http.StatusServiceUnavailable, "source_unavailable"},
		pam.ErrCheckedOut:        {http.StatusConflict, "checked_out"},
		pam.ErrTokenRefused:      {http.StatusBadGateway, "source_refused"},
		pam.ErrDelegationRefused: {http.StatusBadGateway, "source_refused"},
		pam.ErrNoCredentials:     {http.StatusBadGateway, "source_refused"},
		pam.ErrNotFound:          {http.StatusBadGateway, "source_refused"},
		pam.ErrProtocol:          {http.StatusBadGateway, "source_refused"},
	} {
		there.mu.Lock()
		there.err = pam.Failf(class, "it says %s", class)
		there.mu.Unlock()
		for _, got := range []*got{
			c.post("/v1/checkouts", map[string]any{"system": "web01", "account": "root"}).want(want.status, want.code),
			c.get("/v1/requests/"+waits).want(want.status, want.code),
		} {
			if strings.Contains(string(got.body), "it says") {
				t.Errorf("%s", got.body)
			}
		}
	}
	c.get("/v1/checkouts").want(http.StatusOK, "") // the token is good
}
