package redim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

// permitted is the sample estate, where EX\alice also has web02 and may read
// what others hold.
func permitted() *redimtest.Estate {
	e := redimtest.SampleEstate()
	for i := range e.Identities {
		if e.Identities[i].Name == `EX\alice` {
			e.Identities[i].Permissions = []string{"IgnorePasswordCheckout"}
		}
	}
	e.Grants[0].Systems = append(e.Grants[0].Systems, "web02")
	return e
}

func TestAPasswordIsReadWhoeverHoldsIt(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Estate: permitted()})
	c := b.client()
	shared := pam.Credential{Kind: pam.KindShared, List: "Network gear", System: "switch1", Account: "admin", Type: pam.StorePasswordList}
	domain := b.find(c, alice(), "example.local", "svc-deploy")
	for place, cred := range map[string]pam.Credential{
		"web02": b.find(c, alice(), "web02", "deploy"), "db01": b.find(c, alice(), "db01", "sa"), "example.local": domain, "Network gear: switch1": shared,
	} {
		release, err := c.Read(t.Context(), alice(), cred)
		if err != nil || !release.Secret.Equal(b.Password(place, cred.Account)) {
			t.Errorf("%s: %v", cred.Ref(), err)
		}
	}
	if got := b.Stats().Checkouts; got != (redimtest.CheckoutStats{}) {
		t.Errorf("checkouts are %+v", got)
	}
}

func TestReadingAroundACheckoutIsAPermission(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{})
	c := b.client()
	release, err := c.Read(t.Context(), alice(), b.find(c, alice(), "web01", "svc-web"))
	if !errors.Is(err, pam.ErrDenied) || !release.Secret.IsEmpty() {
		t.Errorf("got %v", err)
	}
}

func TestWhatWasReadIsASecretOrAFailure(t *testing.T) {
	t.Parallel()
	b := newBench(t, redimtest.Options{Estate: permitted(), Faults: []string{"GetIgnoreCheckout:drop-reply*1"}})
	c := b.client()
	cred := b.find(c, alice(), "web01", "svc-web")
	if _, err := c.Read(t.Context(), alice(), cred); err != nil {
		t.Errorf("an answer that was lost is asked for again, since nothing changes: %v", err)
	}
	if err := b.SetFaults("GetIgnoreCheckout:html"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(t.Context(), alice(), cred); !errors.Is(err, pam.ErrProtocol) || errors.Is(err, pam.ErrUncertain) {
		t.Errorf("got %v", err)
	}
}

func TestAJobIsFollowedFromItsCreationToItsEnd(t *testing.T) {
	t.Parallel()
	e := redimtest.SampleEstate()
	e.Service.JobDelay, e.Service.JobDuration = time.Minute, time.Minute
	b := newBench(t, redimtest.Options{Estate: e})
	c, self := b.client(), pam.Identity{Name: b.APIUser()}
	id, err := c.CreatePasswordJob(t.Context(), self, []byte(`{"SystemList":"web01","PasswordChangeSettings":{"FullAccountName":"Administrator"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []pam.JobState{pam.JobScheduled, pam.JobRunning, pam.JobSucceeded} {
		job, err := c.JobStatus(t.Context(), self, id)
		if err != nil || job.ID != id || job.State != want || job.LastRun.IsZero() != (want == pam.JobScheduled) || (job.Message == "") == want.Ended() {
			t.Errorf("want %s, got %+v, %v", want, job, err)
		}
		b.Advance(time.Minute)
	}
	if _, err := c.JobStatus(t.Context(), self, 99); !errors.Is(err, pam.ErrNotFound) {
		t.Errorf("a job that there is none of: %v", err)
	}
	if _, err := c.JobStatus(t.Context(), alice(), id); !errors.Is(err, pam.ErrSpinNotPermitted) {
		t.Errorf("without All Access: %v", err)
	}
}
