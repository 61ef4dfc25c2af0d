package vault_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/vault"
)

// held is what the model knows of one lease that holds.
type held struct {
	id, who string
	due     time.Time
}

// walk is a vault beside a model of it, which knows only who holds what until when.
type walk struct {
	*world
	*rapid.T
	shared  map[string]bool // credentials that several may hold
	model   map[string][]held
	secrets int
}

func newWalk(t *testing.T, rt *rapid.T) *walk {
	k := &walk{world: newWorld(t), T: rt, shared: map[string]bool{"web01/one": false, "web01/many": true}, model: map[string][]held{}}
	k.policy(vault.PolicyEdit{Name: new("several"), Exclusive: new(false)})
	k.credential("web01/one", "")
	k.credential("web01/many", "several")
	return k
}

// keep forgets the leases of the model that do not fit.
func (k *walk) keep(fits func(held) bool) {
	for ref, list := range k.model {
		k.model[ref] = slices.DeleteFunc(list, func(h held) bool { return !fits(h) })
	}
}

func (k *walk) out(actor, ref string) {
	c, got, err := k.checkOut(vault.Ask{Actor: admin(actor)}, ref, time.Hour)
	free := k.shared[ref] || len(k.model[ref]) == 0
	if (err == nil) != free || (got != "") != free {
		k.T.Fatalf("%s checks out %s held by %v: %v", actor, ref, k.model[ref], err)
	}
	if err == nil {
		k.secrets++
		k.model[ref] = append(k.model[ref], held{c.ID, actor, c.Due})
	}
}

// in gives back the oldest that the actor holds.
func (k *walk) in(ctx context.Context, actor string) {
	_, session := k.engine(vault.Ask{Actor: admin(actor)})
	open, err := session.Open(ctx)
	if err != nil || len(open) == 0 {
		return
	}
	e, _ := k.engine(vault.Ask{Actor: admin(actor), Lease: open[0].ID})
	if _, err := e.CheckIn(ctx, open[0]); err != nil {
		k.T.Fatal(err)
	}
	k.keep(func(h held) bool { return h.id != open[0].ID })
}

// balance holds the secrets that came against the events and the leases.
func (k *walk) balance(ctx context.Context) {
	released := 0
	for _, r := range k.store.state.records {
		if r.Event.Kind == audit.CheckoutOutcome && r.Event.Outcome == audit.OutcomeReleased {
			released++
		}
	}
	if released != k.secrets || k.secrets != len(k.store.state.leases) {
		k.T.Fatalf("%d secrets, %d events, %d leases", k.secrets, released, len(k.store.state.leases))
	}
	if _, err := k.Verify(ctx); err != nil {
		k.T.Fatal(err)
	}
}

func TestNeverTwoHoldersAndNeverASecretWithoutItsEvent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		k := newWalk(t, rt)
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			k.pass(time.Duration(rapid.IntRange(0, 90).Draw(rt, "pass")) * time.Minute)
			now := k.clock()
			k.keep(func(h held) bool { return now.Before(h.due) })
			actor := rapid.SampledFrom([]string{"alice", "bob", "Alice"}).Draw(rt, "who")
			switch rapid.SampledFrom([]string{"out", "out", "in", "maintain"}).Draw(rt, "act") {
			case "out":
				k.out(actor, rapid.SampledFrom([]string{"web01/one", "web01/many"}).Draw(rt, "ref"))
			case "in":
				k.in(t.Context(), actor)
			case "maintain":
				if _, err := k.Maintain(t.Context()); err != nil {
					rt.Fatal(err)
				}
			}
		}
		k.balance(t.Context())
	})
}

// TestAnEditByFieldsIsTheSameInOneOrMany applies an edit at once and field by
// field: the record must be the same, and the events must tell all of it.
func TestAnEditByFieldsIsTheSameInOneOrMany(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		edits := []vault.IntegrationEdit{
			{Description: new(rapid.StringMatching(`[a-z ]{0,9}`).Draw(rt, "description"))}, {Active: new(rapid.Bool().Draw(rt, "active"))},
			{Hours: new(time.Duration(rapid.IntRange(1, 99).Draw(rt, "hours")) * time.Hour)}, {Reason: new(rapid.StringMatching(`[a-z]{0,9}`).Draw(rt, "reason"))},
			{Grants: &[]vault.Pattern{{System: rapid.StringMatching(`[a-c*]{1,3}`).Draw(rt, "grant"), Account: "*"}}},
		}
		all := vault.IntegrationEdit{Description: edits[0].Description, Active: edits[1].Active, Hours: edits[2].Hours, Reason: edits[3].Reason, Grants: edits[4].Grants}
		for _, name := range []string{"one", "many"} {
			w.integration(vault.IntegrationEdit{Name: &name})
		}
		if _, err := w.EditIntegration(t.Context(), admin("root"), "one", 0, all); err != nil {
			rt.Fatal(err)
		}
		for _, n := range rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(rt, "order") {
			if _, err := w.EditIntegration(t.Context(), admin("root"), "many", 0, edits[n]); err != nil {
				rt.Fatal(err)
			}
		}
		one, err := w.Integration(t.Context(), "one")
		many, err2 := w.Integration(t.Context(), "many")
		if err := errors.Join(err, err2); err != nil {
			rt.Fatal(err)
		}
		if diff := one.Diff(audit.Redactor{}, many); len(diff) != 1 || diff[0].Field != "name" {
			rt.Fatal(fmt.Sprint(diff))
		}
		_, err = w.EditIntegration(t.Context(), admin("root"), "many", many.Version+1, all)
		refused(t, err, pam.ErrConflict, "changed meanwhile")
	})
}
