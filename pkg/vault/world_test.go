package vault_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

const canary = `c4nary-Pa55/+"<&é`

var (
	_ vault.Store = (*fakeStore)(nil)
	_ vault.Key   = seal.Key{}
)

// world is a vault over a fake store, with a clock that stands still.
type world struct {
	testing.TB
	*vault.Service
	store *fakeStore
	keys  *fakeKeys

	mu  sync.Mutex
	now time.Time
}

type fakeKeys struct {
	mu      sync.Mutex
	current seal.Key
	others  []seal.Key
	missed  func() // runs when a key can't be found
}

func (k *fakeKeys) Current(context.Context) (vault.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current, nil
}

func (k *fakeKeys) Find(_ context.Context, id string) (vault.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range append(k.others, k.current) {
		if key.ID() == id {
			return key, nil
		}
	}
	if k.missed != nil {
		k.missed()
	}
	return nil, pam.Failf(pam.ErrNotFound, "no key %s", id)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, store: newFakeStore(), keys: &fakeKeys{current: seal.GenerateKey()}, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.Service = w.open()
	return w
}

func (w *world) open(rotators ...map[string]vault.Rotator) *vault.Service {
	w.Helper()
	o := vault.Options{Store: w.store, Keys: w.keys, Clock: w.clock}
	for _, r := range rotators {
		o.Rotators = r
	}
	s, err := vault.Open(w.Context(), o)
	if err != nil {
		w.Fatal(err)
	}
	return s
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func admin(name string) vault.Actor { return vault.Actor{Kind: vault.ActorAdmin, Name: name} }

func app(i vault.Integration) vault.Actor {
	return vault.Actor{Kind: vault.ActorIntegration, ID: i.ID, Name: i.Name, Address: "10.0.0.1"}
}

func (w *world) credential(ref, policy string) vault.Credential {
	w.Helper()
	system, account, err := vault.ParseRef(ref)
	if err != nil {
		w.Fatal(err)
	}
	got, err := w.CreateCredential(w.Context(), admin("root"), vault.CredentialEdit{
		System: &system, Account: &account, Policy: &policy, Secret: secret.FromString(canary + " of " + ref),
	})
	if err != nil {
		w.Fatal(err)
	}
	return got.Credential
}

func (w *world) integration(edit vault.IntegrationEdit) vault.Integration {
	w.Helper()
	got, err := w.CreateIntegration(w.Context(), admin("root"), edit)
	if err != nil {
		w.Fatal(err)
	}
	return got.Integration
}

func (w *world) policy(edit vault.PolicyEdit) vault.Policy {
	w.Helper()
	p, err := w.CreatePolicy(w.Context(), admin("root"), edit)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (w *world) engine(ask vault.Ask) (*engine.Engine, *vault.Session) {
	w.Helper()
	session, err := w.Session(ask)
	if err != nil {
		w.Fatal(err)
	}
	return &engine.Engine{Source: session, Journal: session, Clock: w.clock, NewID: vault.NewID}, session
}

// checkOut goes through the engine, as the command line does.
func (w *world) checkOut(ask vault.Ask, ref string, hold time.Duration) (pam.Checkout, string, error) {
	w.Helper()
	e, _ := w.engine(ask)
	system, account, _ := strings.Cut(ref, "/")
	c, release, err := e.CheckOut(w.Context(), engine.CheckOutRequest{
		Identity: pam.Identity{Name: ask.Actor.Name}, Credential: pam.Credential{System: system, Account: account},
		Comment: "nightly run", Ticket: "CHG-1", For: hold,
	})
	return c, reveal(w, release.Secret), err
}

func reveal(t testing.TB, v secret.Value) string {
	t.Helper()
	text := ""
	_ = v.Reveal(func(b []byte) error { text = string(b); return nil })
	return text
}

// refused asserts a failure of a class with a hint, in our style.
func refused(t testing.TB, err error, class pam.Class, says string) {
	t.Helper()
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class != class || f.Hint == "" || !strings.Contains(f.Message+" "+f.Hint, says) {
		t.Errorf("got %v, want %s that says %q", err, class, says)
	}
	if err != nil && strings.Contains(err.Error(), "c4nary") {
		t.Error("a secret is in the message")
	}
}

// intact asserts that the record of events verifies.
func (w *world) intact() {
	w.Helper()
	if _, err := w.Verify(w.Context()); err != nil {
		w.Error(err)
	}
}

// kinds lists the kinds of all events, with outcomes.
func (w *world) kinds() string {
	var out []string
	for _, r := range w.store.state.records {
		out = append(out, strings.TrimSuffix(string(r.Event.Kind)+":"+r.Event.Outcome, ":"))
	}
	return strings.Join(out, " ")
}
