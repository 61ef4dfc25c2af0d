package vault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

func TestAKeyThatAsksForSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("asks"), Needed: new(1)})
	w.credential("web01/backup", "")
	w.credential("web01/root", "asks")
	w.credential("web01/other", "asks")
	for _, ref := range []string{"web01/backup", "web01/root"} {
		ask := vault.Ask{Actor: admin("alice"), Key: "key of " + ref, Digest: "one"}
		if _, _, err := w.checkOut(ask, ref, 0); err != nil && !errors.Is(err, pam.ErrPending) {
			t.Fatal(err)
		}
		leases, requests := len(w.store.state.leases), len(w.store.state.requests)
		for _, other := range []string{ref, "web01/other"} {
			ask.Digest = "another"
			_, got, err := w.checkOut(ask, other, 0)
			refused(t, err, pam.ErrConflict, "new key")
			if !errors.Is(err, vault.ErrKeyReused) || got != "" || len(w.store.state.leases) != leases || len(w.store.state.requests) != requests {
				t.Errorf("%s by the key of %s: %v", other, ref, err)
			}
		}
	}
}

func TestAKeyFollowsItsRequestToTheLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("asks"), Needed: new(1), Exclusive: new(false)})
	w.credential("web01/root", "asks")
	ask := vault.Ask{Actor: admin("alice"), Key: "k", Digest: "d"}
	id := w.pending(ask)
	if again := w.pending(ask); again != id {
		t.Errorf("request %s, then %s", id, again)
	}
	if _, err := w.Decide(t.Context(), admin("carol"), id, true, ""); err != nil {
		t.Fatal(err)
	}
	collect := vault.Ask{Actor: admin("alice"), Request: id}
	_, got, err := w.checkOut(collect, "web01/root", 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, again, err := w.checkOut(ask, "web01/root", 0); err != nil || again != got || len(w.store.state.leases) != 1 {
		t.Errorf("the answer was lost, and asked for again: %v, %d leases", err, len(w.store.state.leases))
	}
	_, again, err := w.checkOut(collect, "web01/root", 0)
	refused(t, err, pam.ErrNotFound, id)
	if again != "" {
		t.Error("a request was collected twice")
	}
	w.intact()
}

// pending asks for web01/root, which needs approval, and returns the id of the request.
func (w *world) pending(ask vault.Ask) string {
	w.Helper()
	before := w.store.state.clone().requests
	c, _, err := w.checkOut(ask, "web01/root", 0)
	refused(w, err, pam.ErrPending, "requests approve")
	for id := range w.store.state.requests {
		if _, old := before[id]; !old || len(before) == 1 {
			return id
		}
	}
	w.Fatalf("%s waits for nothing", c.ID)
	return ""
}

func TestAKeyOfADeniedRequestAsksNobodyAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("asks"), Needed: new(1)})
	w.credential("web01/root", "asks")
	ask := vault.Ask{Actor: admin("alice"), Key: "k", Digest: "d"}
	id := w.pending(ask)
	if _, err := w.Decide(t.Context(), admin("carol"), id, false, ""); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.checkOut(ask, "web01/root", 0)
	refused(t, err, pam.ErrConflict, "rejected")
	if len(w.store.state.requests) != 1 {
		t.Error("a second request was made")
	}
}

func TestAnApprovedRequestIsCollectedOnceAlsoWhenApprovalIsNeededNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.policy(vault.PolicyEdit{Name: new("asks"), Needed: new(1), Exclusive: new(false)})
	w.credential("web01/root", "asks")
	id := w.pending(vault.Ask{Actor: admin("alice")})
	if _, err := w.Decide(t.Context(), admin("carol"), id, true, ""); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.EditPolicy(t.Context(), admin("root"), p.ID, 0, vault.PolicyEdit{Needed: new(0)}); err != nil {
		t.Fatal(err)
	}
	collect := vault.Ask{Actor: admin("alice"), Request: id}
	if _, _, err := w.checkOut(collect, "web01/root", 0); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.checkOut(collect, "web01/root", 0)
	refused(t, err, pam.ErrNotFound, id)
	if len(w.store.state.leases) != 1 {
		t.Errorf("%d leases", len(w.store.state.leases))
	}
}

func TestAKeyGetsNothingAgainOnceTheGrantIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.credential("web01/backup", "")
	i := w.integration(vault.IntegrationEdit{Name: new("nightly"), Grants: &[]vault.Pattern{{System: "web*", Account: "*"}}})
	ask := vault.Ask{Actor: app(i), Key: "k"}
	if _, _, err := w.checkOut(ask, "web01/backup", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := w.EditIntegration(t.Context(), admin("root"), i.ID, 0, vault.IntegrationEdit{Grants: &[]vault.Pattern{}}); err != nil {
		t.Fatal(err)
	}
	_, got, err := w.checkOut(ask, "web01/backup", 0)
	refused(t, err, pam.ErrDenied, "may not check out")
	if got != "" {
		t.Error("it was released")
	}
}

func TestOffersAreWhatTheGrantsCoverWithTheirTerms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.policy(vault.PolicyEdit{Name: new("asks"), Needed: new(1), Longest: new(time.Hour)})
	w.credential("web01/backup", "")
	w.credential("web01/root", "asks")
	w.credential("db01/root", "")
	i := w.integration(vault.IntegrationEdit{Name: new("nightly"), Hours: new(2 * time.Hour), Grants: &[]vault.Pattern{{System: "web*", Account: "*"}}})
	page, err := w.Offers(t.Context(), i, vault.CredentialCriteria{}, "")
	if err != nil || len(page.Items) != 2 || page.Items[0].Approval || page.Items[0].Longest != 2*time.Hour || !page.Items[1].Approval || page.Items[1].Longest != time.Hour {
		t.Errorf("%+v, %v", page, err)
	}
	i.Skip = vault.Skip{Justification: "by contract"}
	if page, err = w.Offers(t.Context(), i, vault.CredentialCriteria{}, ""); err != nil || page.Items[1].Approval {
		t.Errorf("the approval is skipped: %+v, %v", page, err)
	}
	asleep, empty := i, i
	asleep.Active, empty.Grants = false, nil
	for _, none := range []vault.Integration{asleep, empty} {
		if page, err := w.Offers(t.Context(), none, vault.CredentialCriteria{}, ""); err != nil || len(page.Items) != 0 {
			t.Errorf("%+v, %v", page, err)
		}
	}
}
