package redim_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/redim/redimtest"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/transport"
)

var (
	_ engine.Source = (*redim.Client)(nil)
	_ engine.Facts  = (*redim.Client)(nil)
)

func alice() pam.Identity { return pam.Identity{Domain: "EX", Name: "alice"} }
func bob() pam.Identity   { return pam.Identity{Name: "bob"} }

// bench is a stand-in server and what is needed to make clients of it.
type bench struct {
	*redimtest.Running
	t      *testing.T
	config redim.Config
	asked  int // how often the password was asked for
}

func newBench(t *testing.T, o redimtest.Options) *bench {
	t.Helper()
	b := &bench{Running: redimtest.NewServer(t, o), t: t}
	options := transport.Options{MaxInFlight: 64, Timeout: 10 * time.Second}
	if ca := b.CAPEM(); ca != nil {
		options.TLS.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(options.TLS.CAFile, ca, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client, err := transport.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	b.config = redim.Config{ServiceURL: b.EndpointURL(), APIUser: b.APIUser(), HTTP: client, APIPassword: func(context.Context) (secret.Value, error) {
		b.asked++
		return b.APIPassword(), nil
	}}
	return b
}

func (b *bench) client() *redim.Client {
	b.t.Helper()
	c, err := redim.New(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func reveal(v secret.Value) string {
	var text string
	_ = v.Reveal(func(b []byte) error { text = string(b); return nil })
	return text
}

// find lists the credentials of a system and picks one.
func (b *bench) find(c *redim.Client, as pam.Identity, system, account string) pam.Credential {
	b.t.Helper()
	found, err := c.Stored(b.t.Context(), as, system)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, cred := range found {
		if cred.Account == account {
			return cred
		}
	}
	b.t.Fatalf("%s/%s is not among %v", system, account, found)
	return pam.Credential{}
}

func inEachDialect(t *testing.T, run func(t *testing.T, spoken string)) {
	t.Helper()
	for _, spoken := range dialect.Spoken() {
		t.Run(spoken, func(t *testing.T) {
			t.Parallel()
			run(t, spoken)
		})
	}
}

func TestTheMainJobWorks(t *testing.T) {
	t.Parallel()
	inEachDialect(t, func(t *testing.T, spoken string) {
		b := newBench(t, redimtest.Options{Dialect: spoken})
		c, ctx := b.client(), t.Context()
		cred := b.find(c, alice(), "web01", "Administrator")
		want := pam.Credential{Kind: pam.KindLocal, System: "web01", Namespace: cred.Namespace, Account: "Administrator", Target: "web01", Type: pam.StoreWindows,
			Random: true, AutoSpin: true, LastChanged: time.Date(2026, 1, 15, 8, 30, 0, 0, time.UTC)}
		if cred != want {
			t.Errorf("found %+v, want %+v", cred, want)
		}
		release, err := c.CheckOut(ctx, alice(), cred, "change 4711")
		if err != nil {
			t.Fatal(err)
		}
		if !release.Secret.Equal(b.Password("web01", "Administrator")) {
			t.Error("the password is not the account's")
		}
		if err := c.CheckIn(ctx, alice(), cred, "change 4711"); err != nil {
			t.Fatal(err)
		}
		if err := c.CheckIn(ctx, alice(), cred, ""); !errors.Is(err, pam.ErrNotFound) {
			t.Errorf("a second check-in: %v", err)
		}
		stats := b.Stats()
		if stats.Logins != (redimtest.LoginStats{Delegation: 1, Impersonated: 1}) || stats.Checkouts != (redimtest.CheckoutStats{Made: 1, CheckedIn: 1}) {
			t.Errorf("stats are %+v", stats)
		}
		if b.asked != 1 {
			t.Errorf("the password was asked for %d times", b.asked)
		}
	})
}

func TestDomainAccountsComeWithAndWithoutTheirDomain(t *testing.T) {
	t.Parallel()
	for _, names := range []string{"", "bare"} {
		estate := redimtest.SampleEstate()
		estate.Service.DomainNames = names
		b := newBench(t, redimtest.Options{Estate: estate})
		c := b.client()
		cred := b.find(c, alice(), "example.local", "svc-deploy")
		if cred.Namespace != "EX" || cred.System != "example.local" {
			t.Errorf("%q: found %+v", names, cred)
		}
		cred.Kind = pam.KindDomain // as the look-up says, which asked for a domain
		release, err := c.CheckOut(t.Context(), alice(), cred, "")
		if err != nil || !release.Secret.Equal(b.Password("example.local", "svc-deploy")) {
			t.Errorf("%q: check-out: %v", names, err)
		}
		if err := c.CheckIn(t.Context(), alice(), cred, ""); err != nil {
			t.Errorf("%q: check-in: %v", names, err)
		}
	}
}

func TestSharedCredentialsAreListedAndCheckedOut(t *testing.T) {
	t.Parallel()
	inEachDialect(t, func(t *testing.T, spoken string) {
		b := newBench(t, redimtest.Options{Dialect: spoken})
		c, ctx := b.client(), t.Context()
		lists, err := c.SharedLists(ctx, alice())
		if err != nil || len(lists) != 1 || lists[0] != "Network gear" {
			t.Fatalf("lists are %v, %v", lists, err)
		}
		entries, err := c.SharedEntries(ctx, alice(), lists[0])
		if err != nil || len(entries) != 2 {
			t.Fatalf("entries are %v, %v", entries, err)
		}
		release, err := c.CheckOut(ctx, alice(), entries[0], "")
		if err != nil || !release.Secret.Equal(b.Password("Network gear: "+entries[0].System, entries[0].Account)) {
			t.Errorf("check-out: %v", err)
		}
		if err := c.CheckIn(ctx, alice(), entries[0], ""); err != nil {
			t.Errorf("check-in: %v", err)
		}
	})
}

func TestTheNameOfAnAddressIsFound(t *testing.T) {
	t.Parallel()
	inEachDialect(t, func(t *testing.T, spoken string) {
		b := newBench(t, redimtest.Options{Dialect: spoken})
		c := b.client()
		if name, err := c.SystemName(t.Context(), alice(), netip.MustParseAddr("192.0.2.20")); name != "web02" || err != nil {
			t.Errorf("found %q, %v", name, err)
		}
		if _, err := c.SystemName(t.Context(), alice(), netip.MustParseAddr("192.0.2.99")); !errors.Is(err, pam.ErrNotFound) {
			t.Errorf("an unknown address: %v", err)
		}
	})
}

func TestJobsAreReadCreatedAndCommented(t *testing.T) {
	t.Parallel()
	inEachDialect(t, func(t *testing.T, spoken string) {
		for _, form := range []string{"number", "string", "object"} {
			estate := redimtest.SampleEstate()
			estate.Service.JobReply = form
			b := newBench(t, redimtest.Options{Estate: estate, Dialect: spoken})
			c, ctx := b.client(), t.Context()
			self := pam.Identity{Name: b.APIUser()} // may do everything
			settings, err := c.JobSettings(ctx, self, 101)
			if err != nil {
				t.Fatal(err)
			}
			var job map[string]json.RawMessage
			if err := json.Unmarshal(settings, &job); err != nil {
				t.Fatal(err)
			}
			job["SystemList"] = json.RawMessage(`"web01"`)
			job["AuthenticationToken"] = json.RawMessage(`"stale"`)
			job["PasswordChangeSettings"] = json.RawMessage(`{"FullAccountName":"Administrator"}`)
			text, _ := json.Marshal(job)
			id, err := c.CreatePasswordJob(ctx, self, text)
			if err != nil || id == 0 {
				t.Fatalf("%s: create: %d, %v", form, id, err)
			}
			if err := c.SetJobComment(ctx, self, id, "by redim"); err != nil {
				t.Fatal(err)
			}
			jobs := b.Jobs()
			if last := jobs[len(jobs)-1]; last.ID != id || last.Comment != "by redim" {
				t.Errorf("%s: the job is %+v", form, last)
			}
			if _, err := c.JobStatus(ctx, self, id); err != nil {
				t.Errorf("%s: status: %v", form, err)
			}
		}
	})
}
