package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"testing"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

func tokenCases() []suiteCase {
	return []suiteCase{
		{"tokens come back with the version of their integration", caseTokensComeBackWithTheirIntegration},
		{"tokens that have ended are removed, oldest first", caseTokensThatHaveEndedAreRemoved},
		{"a lease comes with the token that is asked for", caseALeaseComesWithAToken},
		{"many ask for tokens at once", caseManyAskAtOnce},
		{"integrations are found by account", caseIntegrationsAreFoundByAccount},
	}
}

func aToken(n byte, integration string, ends int) vault.Token {
	return vault.Token{Hash: vault.TokenHash{n, 0, 255}, IntegrationID: integration, From: netip.MustParseAddr("2001:db8::7"), Epoch: 3, Made: at(0), Expires: at(ends)}
}

func addToken(t *testing.T, s *store.Store, token vault.Token) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddToken(ctx, token, edition(1)) })
}

func caseTokensComeBackWithTheirIntegration(t *testing.T, s *store.Store) {
	i := anIntegration(1, "backup")
	i.Epoch = 4
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddIntegration(ctx, i) })
	want := aToken(1, i.ID, 15)
	addToken(t, s, want)
	if h := heldNow(t, s, want.Hash, ""); h.Token != want || h.Edition != edition(1) {
		t.Errorf("%+v, want %+v of version 1", h, want)
	}
	i.Epoch, i.Active = 5, false
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.ChangeIntegration(ctx, i) })
	if h := heldNow(t, s, want.Hash, ""); h.Edition != edition(2) {
		t.Errorf("edition %d, want %d", h.Edition, edition(2))
	}
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveToken(ctx, vault.TokenHash{9}) })
	for _, version := range []int64{1, 3} {
		refuses(t, s, vault.ErrStale, func(ctx context.Context, tx vault.Tx) error {
			return tx.AddToken(ctx, aToken(2, i.ID, 15), edition(version))
		})
	}
	absent(t, s, vault.TokenHash{2, 0, 255})
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		there, err := tx.HasToken(ctx, want.Hash)
		other, e := tx.HasToken(ctx, vault.TokenHash{9})
		if !there || other {
			t.Errorf("there: %t, and one that nobody has: %t", there, other)
		}
		return errors.Join(err, e)
	})
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveIntegration(ctx, i.ID, 2) })
	absent(t, s, want.Hash)
	refuses(t, s, vault.ErrStale, func(ctx context.Context, tx vault.Tx) error { return tx.AddToken(ctx, aToken(2, i.ID, 15), edition(2)) })
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveToken(ctx, want.Hash) })
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveToken(ctx, want.Hash) })
}

func caseALeaseComesWithAToken(t *testing.T, s *store.Store) {
	i := anIntegration(1, "backup")
	token, l := aToken(1, i.ID, 15), aLease("0123456789abcdef", "c1")
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddIntegration(ctx, i), tx.AddToken(ctx, token, edition(1)), tx.AddLease(ctx, l))
	})
	l.Version = 1
	for _, id := range []string{l.ID, "", "x", l.ID[:9], l.ID[1:], "\u00e9" + l.ID} {
		want := vault.Lease{}
		if id == l.ID {
			want = l
		}
		h := heldNow(t, s, token.Hash, id)
		same(t, h.Lease, want)
		if h.Token != token || h.Edition != edition(1) {
			t.Errorf("%+v, want %+v of version 1", h, token)
		}
	}
	if _, err := s.Holding(t.Context(), vault.TokenHash{9}, l.ID); !errors.Is(err, vault.ErrAbsent) {
		t.Error(err)
	}
}

func heldNow(t *testing.T, s *store.Store, hash vault.TokenHash, lease string) vault.Holding {
	t.Helper()
	h, err := s.Holding(t.Context(), hash, lease)
	if err != nil {
		t.Error(err)
	}
	return h
}

// caseManyAskAtOnce asks for what is there and what is not, for what each has
// alone, from many callers, so that questions are answered together.
func caseManyAskAtOnce(t *testing.T, s *store.Store) {
	i := anIntegration(1, "backup")
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddIntegration(ctx, i) })
	const callers = 40
	leases := make([]vault.Lease, callers)
	for n := range callers {
		leases[n] = aLease(fmt.Sprintf("0123456789abcde%02d", n), "c"+strconv.Itoa(n))
		update(t, s, func(ctx context.Context, tx vault.Tx) error {
			return errors.Join(tx.AddToken(ctx, aToken(byte(n), i.ID, n+1), edition(1)), tx.AddLease(ctx, leases[n]))
		})
		leases[n].Version = 1
	}
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			for turn := range 25 {
				want := vault.Holding{Token: aToken(byte(n), i.ID, n+1), Edition: edition(1)}
				named := ""
				if turn%2 == 0 {
					named, want.Lease = leases[n].ID, leases[n]
				}
				h, err := s.Holding(t.Context(), want.Token.Hash, named)
				if _, absent := s.Holding(t.Context(), vault.TokenHash{byte(n), 9}, named); err != nil || !errors.Is(absent, vault.ErrAbsent) {
					t.Error(err, absent)
				}
				same(t, h, want)
				odd := []string{"\x00", "\xff", "12345678\u00e9", "a\x00b\u00e9"}[turn%4]
				want.Lease = vault.Lease{}
				same(t, heldNow(t, s, want.Token.Hash, odd), want)
			}
		})
	}
	wg.Wait()
}

func absent(t *testing.T, s *store.Store, hash vault.TokenHash) {
	t.Helper()
	if _, err := s.Holding(t.Context(), hash, ""); !errors.Is(err, vault.ErrAbsent) {
		t.Error(err)
	}
}

func caseTokensThatHaveEndedAreRemoved(t *testing.T, s *store.Store) {
	i := anIntegration(1, "backup")
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddIntegration(ctx, i) })
	for n := range byte(5) {
		addToken(t, s, aToken(n, i.ID, 20-int(n)))
	}
	for _, c := range []struct{ before, limit, want int }{{16, 10, 0}, {19, 1, 1}, {19, 10, 2}, {19, 10, 0}} {
		n := 0
		update(t, s, func(ctx context.Context, tx vault.Tx) (err error) {
			n, err = tx.RemoveTokens(ctx, at(c.before), c.limit)
			return err
		})
		if n != c.want {
			t.Errorf("%+v: %d were removed", c, n)
		}
	}
	absent(t, s, aToken(4, "", 0).Hash)
	heldNow(t, s, aToken(1, "", 0).Hash, "")
}

func caseIntegrationsAreFoundByAccount(t *testing.T, s *store.Store) {
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		for n, account := range []string{`EX\svc`, `ex\SVC`, `Ex\Svc`, "Ünï@EX.ORG", "", ""} {
			i := anIntegration(n, "app"+string(rune('a'+n)))
			i.Account = account
			if err := tx.AddIntegration(ctx, i); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		for _, c := range []struct {
			accounts []string
			want     string
		}{{[]string{`ex\svc`}, "appa appb"}, {[]string{vault.Fold("ÜNÏ@ex.org"), `ex\none`}, "appd"}, {[]string{""}, ""}, {nil, ""}} {
			found, err := r.IntegrationsOfAccounts(ctx, c.accounts)
			if err != nil {
				return err
			}
			got := ""
			for n, i := range found {
				if n > 0 {
					got += " "
				}
				got += i.Name
			}
			if got != c.want {
				t.Errorf("%q: %s, want %s", c.accounts, got, c.want)
			}
		}
		return nil
	})
}
