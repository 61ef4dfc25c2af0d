package verdict_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/e2e/verdict"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

const canary = `c4nary-Pa55/+"<&é`

// world is a vault with a clock of its own, over a store that it shares.
type world struct {
	*testing.T
	*vault.Service
	front front

	mu  sync.Mutex
	now time.Time

	// Of the present case.
	name        string
	integration vault.Integration
	credential  secret.Value // of an application
	principal   string       // of a Windows account
}

type oneKey struct{ vault.Key }

func (k oneKey) Current(context.Context) (vault.Key, error)      { return k.Key, nil }
func (k oneKey) Find(context.Context, string) (vault.Key, error) { return k.Key, nil }

func newWorld(t *testing.T, s vault.Store, key seal.Key) *world {
	w := &world{T: t}
	var err error
	if w.Service, err = vault.Open(t.Context(), vault.Options{Store: s, Keys: oneKey{key}, Clock: w.clock}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) at(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = now
}

func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func admin(name string) vault.Actor { return vault.Actor{Kind: vault.ActorAdmin, Name: name} }

// check stops a worker whose world can't be set up.
func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		panic(fmt.Sprintf("%s: %v", w.name, err))
	}
}

// play makes the world of a case, and lets it happen.
func (w *world) play(c verdict.Case) verdict.Outcome {
	w.build(c)
	var o verdict.Outcome
	token, answer := w.logIn(c)
	if o.LogIn = answer; answer != verdict.In {
		return o
	}
	w.change(c, token)
	called := noon().Add(c.Passed)
	w.at(called)
	if c.Invented {
		token, _ = vault.ProveGenerated()
	}
	if o.Call = w.front.call(c.CallFrom, token); o.Call != verdict.In {
		return o
	}
	first := w.take(c, token)
	o.First, o.Hold = first.answer, first.hold
	o.Skipped = len(w.events(audit.ApprovalSkipped)) > 0
	if o.First != verdict.Pending {
		return o
	}
	o.Words = w.words(c, called)
	w.at(called.Add(c.Collect))
	again := c
	again.Proof = verdict.Right
	token, _ = w.logIn(again)
	second := w.takeFrom(c.From, c, token)
	o.Second = second.answer
	if o.Second == verdict.Released {
		o.Hold = second.hold
		o.Third = w.takeFrom(c.From, c, token).answer
	}
	return o
}

func (w *world) take(c verdict.Case, token secret.Value) released {
	return w.takeFrom(c.CallFrom, c, token)
}

func (w *world) takeFrom(from netip.Addr, c verdict.Case, token secret.Value) released {
	got := w.front.checkOut(from, token, c.System, c.Account, c.Ask)
	if kept := canary + " of " + c.System; (got.secret == kept) != (got.answer == verdict.Released) || got.secret != "" && got.secret != kept {
		w.Errorf("%s: %s, and the secret is %d bytes", w.name, got.answer, len(got.secret))
	}
	return got
}

// build makes the records.
func (w *world) build(c verdict.Case) {
	w.at(noon().Add(-time.Hour))
	ctx := w.Context()
	w.credential, w.principal = secret.Value{}, ""
	edit := vault.IntegrationEdit{Name: &w.name, Hours: new(vault.MaxHold), Grants: &[]vault.Pattern{{System: "*", Account: "*"}}}
	switch c.Way {
	case verdict.Generated:
		edit.Generate = true
	case verdict.Typed:
		w.credential = secret.FromString(canary + w.name)
		edit.Secret = w.credential
	case verdict.Windows:
		w.principal = w.name + "@EX.LOCAL"
		edit.Auth, edit.Account = new(vault.AuthWindows), new(`EX\`+strings.ToUpper(w.name))
	}
	made, err := w.CreateIntegration(ctx, admin("root"), edit)
	w.check(err)
	if c.Way == verdict.Generated {
		w.credential = made.Generated
	}
	w.integration = made.Integration
	if c.Kept {
		w.keep(c)
	}
	w.at(noon())
	got, err := w.EditIntegration(ctx, admin("root"), w.integration.ID, 0, w.record(c))
	w.check(err)
	w.integration = got.Integration
}

// record is the integration as the case has it.
func (w *world) record(c verdict.Case) vault.IntegrationEdit {
	edit := vault.IntegrationEdit{Active: &c.Active, Hours: &c.Most, Allowed: new(networks(c.Allowed)), Grants: &[]vault.Pattern{}}
	for _, text := range c.Grants {
		p, err := vault.ParsePattern(text)
		w.check(err)
		*edit.Grants = append(*edit.Grants, p)
	}
	if c.Justification != "" {
		edit.Skip = &vault.Skip{Justification: c.Justification}
		if c.SkipEnds {
			edit.Skip.Until = noon().Add(c.Passed + c.SkipUntil)
		}
	}
	return edit
}

func networks(list []string) []netip.Prefix {
	out := []netip.Prefix{}
	for _, text := range list {
		p, err := vault.ParseAllowed(text)
		if err != nil {
			panic(err)
		}
		out = append(out, p)
	}
	return out
}

// keep makes the credential, lets somebody hold it, and gives it its policy.
func (w *world) keep(c verdict.Case) {
	ctx := w.Context()
	_, err := w.CreateCredential(ctx, admin("root"), vault.CredentialEdit{System: &c.System, Account: &c.Account, Secret: secret.FromString(canary + " of " + c.System)})
	w.check(err)
	switch c.Held {
	case verdict.Itself:
		w.hold(c, vault.Door{}.Actor(w.integration), vault.MaxHold)
	case verdict.Other:
		w.hold(c, admin("somebody"), vault.MaxHold)
	case verdict.Overdue:
		w.hold(c, admin("somebody"), vault.MinHold)
	case verdict.NoHolder:
	}
	then := vault.ThenReject
	if c.Accept {
		then = vault.ThenAccept
	}
	policy := w.name
	_, err = w.CreatePolicy(ctx, admin("root"), vault.PolicyEdit{
		Name: &policy, Needed: &c.Needed, Approvers: &c.Approvers, Timeout: &c.Timeout, Then: &then, Exclusive: &c.Exclusive, Longest: &c.Longest,
	})
	w.check(err)
	_, err = w.EditCredential(ctx, admin("root"), c.System+"/"+c.Account, 0, vault.CredentialEdit{Policy: &policy})
	w.check(err)
}

func (w *world) hold(c verdict.Case, who vault.Actor, d time.Duration) {
	_, err := w.checkOutAs(who, c.System, c.Account, d)
	w.check(err)
}

func (w *world) checkOutAs(who vault.Actor, system, account string, d time.Duration) (released, error) {
	session, err := w.Session(vault.Ask{Actor: who})
	w.check(err)
	e := &engine.Engine{Source: session, Journal: session, Clock: w.clock, NewID: vault.NewLeaseID}
	taken, release, err := e.CheckOut(w.Context(), engine.CheckOutRequest{
		Identity: pam.Identity{Name: who.Name}, Credential: pam.Credential{System: system, Account: account}, For: d,
	})
	return released{secret: reveal(release.Secret), hold: taken.Due.Sub(taken.At)}, err
}

func reveal(v secret.Value) string {
	text := ""
	_ = v.Reveal(func(b []byte) error { text = string(b); return nil })
	return text
}

// logIn proves, or tries to.
func (w *world) logIn(c verdict.Case) (secret.Value, verdict.Answer) {
	guess, _ := vault.ProveGenerated()
	windows := c.Way == verdict.Windows
	switch {
	case c.Proof == verdict.Nobody && windows:
		return w.front.ticket(c.From, "nobody@EX.LOCAL")
	case c.Proof == verdict.Nobody:
		return w.front.logIn(c.From, "no "+w.name, guess)
	case c.Proof == verdict.Elsewhere:
		return w.front.ticket(c.From, w.name+"@OTHER.LOCAL")
	case c.Proof == verdict.Wrong && windows:
		return w.front.ticket(c.From, "x"+w.name+"@EX.LOCAL")
	case c.Proof == verdict.Wrong:
		return w.front.logIn(c.From, w.name, guess)
	case c.Proof == verdict.OtherWay && windows:
		return w.front.logIn(c.From, w.name, guess)
	case c.Proof == verdict.OtherWay:
		return w.front.ticket(c.From, w.name+"@EX.LOCAL")
	case windows:
		return w.front.ticket(c.From, w.principal)
	}
	return w.front.logIn(c.From, w.name, w.credential)
}

// change is what becomes of the record meanwhile.
func (w *world) change(c verdict.Case, token secret.Value) {
	for _, edit := range w.changes(c) {
		_, err := w.EditIntegration(w.Context(), admin("root"), w.integration.ID, 0, edit)
		w.check(err)
	}
	if c.Meanwhile == verdict.LoggedOut {
		w.front.logOut(c.From, token)
	}
	if c.Meanwhile != verdict.Deleted && c.Meanwhile != verdict.DeletedAndBack {
		return
	}
	_, err := w.DeleteIntegration(w.Context(), admin("root"), w.integration.ID)
	w.check(err)
	if c.Meanwhile == verdict.DeletedAndBack {
		_, err := w.CreateIntegration(w.Context(), admin("root"), vault.IntegrationEdit{Name: &w.name, Generate: true, Allowed: new(networks(c.Allowed))})
		w.check(err)
	}
}

func (w *world) changes(c verdict.Case) []vault.IntegrationEdit {
	switch c.Meanwhile {
	case verdict.Described:
		return []vault.IntegrationEdit{{Description: new("anew"), Comment: new("words")}}
	case verdict.Widened:
		return []vault.IntegrationEdit{{AddAllowed: networks([]string{"10.250.0.0/16"})}}
	case verdict.Deactivated:
		return []vault.IntegrationEdit{{Active: new(false)}}
	case verdict.DeactivatedAndBack:
		return []vault.IntegrationEdit{{Active: new(false)}, {Active: new(true)}}
	case verdict.Rotated:
		if c.Way == verdict.Windows {
			return []vault.IntegrationEdit{{Account: new(`EX\another`)}}
		}
		return []vault.IntegrationEdit{{Generate: true}}
	case verdict.Closed:
		return []vault.IntegrationEdit{{Allowed: &[]netip.Prefix{}}}
	case verdict.ClosedAndBack:
		return []vault.IntegrationEdit{{Allowed: &[]netip.Prefix{}}, {Allowed: new(networks(c.Allowed))}}
	}
	return nil
}

// words lets the approvers speak.
func (w *world) words(c verdict.Case, called time.Time) []verdict.Answer {
	who := vault.Door{}.Actor(w.integration)
	page, err := w.Requests(w.Context(), vault.RequestCriteria{Requester: &who}, "")
	w.check(err)
	if len(page.Items) != 1 {
		w.Errorf("%s: %d requests", w.name, len(page.Items))
		return nil
	}
	var out []verdict.Answer
	for _, word := range c.Words {
		w.at(called.Add(word.At))
		by := admin(word.By)
		if word.By == verdict.Self {
			by = who
		}
		_, err := w.Decide(w.Context(), by, page.Items[0].ID, word.Approve, "")
		out = append(out, decided(err))
	}
	return out
}

// events are those of the integration, of these kinds.
func (w *world) events(kinds ...audit.Kind) []audit.Event {
	page, err := w.Events(w.Context(), vault.EventCriteria{Integration: w.name, Kinds: kinds, OldestFirst: true, Paging: vault.Paging{Limit: 100}}, "")
	w.check(err)
	var out []audit.Event
	for _, r := range page.Items {
		out = append(out, r.Event)
	}
	return out
}

// recorded wants of everything that happened the event, and no other.
func (w *world) recorded(c verdict.Case, o verdict.Outcome) {
	released := 0
	for _, a := range []verdict.Answer{o.First, o.Second, o.Third} {
		if a == verdict.Released {
			released++
		}
	}
	if c.Kept && c.Held == verdict.Itself {
		released++ // before
	}
	got := slices.DeleteFunc(w.events(audit.CheckoutOutcome), func(e audit.Event) bool { return e.Outcome != audit.OutcomeReleased })
	if len(got) != released {
		w.Errorf("%s: %d events of a release, want %d", w.name, len(got), released)
	}
	for _, e := range w.events(audit.ApprovalSkipped) {
		if e.Justification != c.Justification || !o.Skipped {
			w.Errorf("%s: skipped because %q", w.name, e.Justification)
		}
	}
	if in := len(w.events(audit.IntegrationLogin)) > 0; in != (o.LogIn == verdict.In) {
		w.Errorf("%s: an event of a log-in: %t", w.name, in)
	}
}
