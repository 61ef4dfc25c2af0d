package store_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

func lotCases() []suiteCase {
	return []suiteCase{
		{"of many events those are found that fit", caseOfManyEventsThoseAreFoundThatFit},
		{"of many leases those are found that are open", caseOfManyLeasesThoseAreFoundThatAreOpen},
	}
}

// manyEvents adds hundreds of them, whose times go up and down: eleven fill a lot.
// A few are years away from the others, for clocks may be wrong.
func manyEvents(t *testing.T, s *store.Store, hundreds int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for _, minute := range []int{-3_000_000, 1_000_000, -500_000, -500_100} {
		e := anEvent(minute, audit.CheckoutIntent, "App0")
		e.Credential = "Web1/root"
		update(t, s, func(ctx context.Context, tx vault.Tx) error { return record(ctx, tx, e) })
	}
	for unit := range hundreds {
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			var events []audit.Event
			for n := range 100 {
				e := anEvent(unit*10+n/10+random.IntN(40), audit.CheckoutIntent, fmt.Sprint("App", random.IntN(4)*random.IntN(30)))
				e.Credential = fmt.Sprintf("Web%d/root", random.IntN(3)*random.IntN(50))
				if random.IntN(4) == 0 {
					e.Kind, e.Integration = audit.PolicyChanged, ""
				}
				events = append(events, e)
			}
			return record(ctx, tx, events...)
		})
	}
}

func caseOfManyEventsThoseAreFoundThatFit(t *testing.T, s *store.Store) {
	manyEvents(t, s, 24)
	checkManyEvents(t, s)
}

func checkManyEvents(t *testing.T, s *store.Store) {
	t.Helper()
	var all []audit.Record
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		for e, err := range r.Records(ctx) {
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		return nil
	})
	for name, c := range map[string]vault.EventCriteria{
		"a frequent integration":   {Integration: "app0"},
		"a rare one":               {Integration: "app87"},
		"none":                     {Integration: "app"},
		"a frequent credential":    {Credential: "web0/root"},
		"a rare credential":        {Credential: "web98/root"},
		"some credentials":         {Credential: "web1*/r*t"},
		"any of the root accounts": {Credential: "*/root", Since: at(100), Until: at(110)},
		"both":                     {Integration: "app0", Credential: "web*/root"},
		"all":                      {},
		"all of some time":         {Since: at(40), Until: at(170)},
		"all since":                {Since: at(233)},
		"all until":                {Until: at(9)},
		"what is frequent":         {Kinds: []audit.Kind{audit.CheckoutIntent}, Since: at(100)},
		"what is rare":             {Kinds: []audit.Kind{audit.PolicyChanged}, Until: at(60)},
		"what is either":           {Kinds: []audit.Kind{audit.PolicyChanged, audit.CheckoutIntent}, Until: at(90)},
		"what ends so":             {Credential: "*7/root"},
		"since":                    {Integration: "app3", Since: at(200)},
		"until":                    {Credential: "web2/root", Until: at(77)},
		"a kind":                   {Credential: "web0/root", Kinds: []audit.Kind{audit.PolicyChanged}, Since: at(30), Until: at(300)},
	} {
		for _, c.OldestFirst = range []bool{false, true} {
			for _, limit := range []int{149, 1000} {
				got, want := places(allEvents(t, s, c, limit)), places(fitting(all, c))
				if got != want {
					t.Fatalf("%s, oldest first %v, by %d:\n%s\nwant\n%s", name, c.OldestFirst, limit, got, want)
				}
			}
		}
	}
}

// fitting is what a search should find, and in which order.
func fitting(all []audit.Record, c vault.EventCriteria) []audit.Record {
	out := slices.DeleteFunc(slices.Clone(all), func(r audit.Record) bool {
		e := r.Event
		begin, end, pattern := strings.Cut(c.Credential, "*")
		end = end[strings.LastIndex(end, "*")+1:]
		folded := vault.Fold(e.Credential)
		return c.Integration != "" && vault.Fold(e.Integration) != c.Integration ||
			c.Credential != "" && !pattern && folded != c.Credential ||
			pattern && !(strings.HasPrefix(folded, begin) && strings.HasSuffix(folded, end)) ||
			!c.Since.IsZero() && e.Time.Before(c.Since) || !c.Until.IsZero() && !e.Time.Before(c.Until) ||
			len(c.Kinds) > 0 && !slices.Contains(c.Kinds, e.Kind)
	})
	slices.SortFunc(out, func(a, b audit.Record) int {
		order := cmp.Or(a.Event.Time.Compare(b.Event.Time), cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Seq, b.Seq))
		if !c.OldestFirst {
			return -order
		}
		return order
	})
	return out
}

func places(records []audit.Record) string {
	var b strings.Builder
	for _, r := range records {
		fmt.Fprintf(&b, "%d ", r.Seq)
	}
	return b.String()
}

func caseOfManyLeasesThoseAreFoundThatAreOpen(t *testing.T, s *store.Store) {
	checkOpenLeases(t, s, manyLeases(t, s))
}

// manyLeases adds more than fit in a few lots, and ends most of them.
func manyLeases(t *testing.T, s *store.Store) []vault.Lease {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	var all []vault.Lease
	for unit := range 33 {
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			var events []audit.Event
			for n := range 100 {
				l := aLease(fmt.Sprintf("l%05d", unit*100+n), id(random.IntN(40)))
				l.Holder.ID, l.Exclusive = id(900+random.IntN(20)), false
				if err := tx.AddLease(ctx, l); err != nil {
					return err
				}
				l.Version = 1
				all, events = append(all, l), append(events, anEvent(unit, audit.CheckoutIntent, "a"))
			}
			for range 90 {
				l := &all[random.IntN(len(all))]
				l.State, l.Ended = vault.LeaseReturned, at(50)
				if err := tx.ChangeLease(ctx, *l); err != nil {
					return err
				}
				l.Version++
			}
			return record(ctx, tx, events...)
		})
	}
	return all
}

// checkOpenLeases compares what is found by holder and by credential with all.
func checkOpenLeases(t *testing.T, s *store.Store, all []vault.Lease) {
	t.Helper()
	for n := range 40 {
		for name, c := range map[string]vault.LeaseCriteria{
			"by credential": {CredentialID: id(n)},
			"by holder":     {Holder: &vault.Actor{Kind: vault.ActorIntegration, ID: id(900 + n)}},
			"by both":       {CredentialID: id(n), Holder: &vault.Actor{Kind: vault.ActorIntegration, ID: id(900 + n%20)}},
		} {
			got, want := "", ""
			for c.State, c.Limit = vault.LeaseOpen, 29; ; {
				var p vault.Page[vault.Lease]
				view(t, s, func(ctx context.Context, r vault.Reader) (err error) { p, err = r.Leases(ctx, c); return err })
				for _, l := range p.Items {
					got += l.ID + " "
				}
				if p.Next == "" {
					break
				}
				c.After, _ = vault.ParseCursor(p.Next, "")
			}
			for _, l := range all {
				if l.State == vault.LeaseOpen && (c.CredentialID == "" || l.CredentialID == c.CredentialID) && (c.Holder == nil || l.Holder.Same(*c.Holder)) {
					want += l.ID + " "
				}
			}
			if got != want {
				t.Fatalf("%s %d: %s\nwant %s", name, n, got, want)
			}
		}
	}
}
