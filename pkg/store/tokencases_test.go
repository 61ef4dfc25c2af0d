package store_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

func tokenCases() []suiteCase {
	return []suiteCase{
		{"tokens come back with the version of their integration", caseTokensComeBackWithTheirIntegration},
		{"tokens that have ended are removed, oldest first", caseTokensThatHaveEndedAreRemoved},
		{"a lease comes with the token that is asked for", caseALeaseComesWithAToken},
		{"integrations are found by account", caseIntegrationsAreFoundByAccount},
	}
}

func aToken(n byte, integration string, ends int) vault.Token {
	return vault.Token{Hash: vault.TokenHash{n, 0, 255}, IntegrationID: integration, From: netip.MustParseAddr("2001:db8::7"), Epoch: 3, Made: at(0), Expires: at(ends)}
}

func addToken(t *testing.T, s *store.Store, token vault.Token) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddToken(ctx, token) })
}

func caseTokensComeBackWithTheirIntegration(t *testing.T, s *store.Store) {
	i := anIntegration(1, "backup")
	i.Epoch = 4
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddIntegration(ctx, i) })
	want := aToken(1, i.ID, 15)
	addToken(t, s, want)
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		token, version, err := r.Token(ctx, want.Hash)
		if token != want || version != 1 {
			t.Errorf("%+v of version %d, want %+v of 1", token, version, want)
		}
		return err
	})
	i.Epoch, i.Active = 5, false
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.ChangeIntegration(ctx, i) })
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		_, version, err := r.Token(ctx, want.Hash)
		if version != 2 {
			t.Errorf("version %d, want 2", version)
		}
		return err
	})
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveToken(ctx, vault.TokenHash{9}) })
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveIntegration(ctx, i.ID, 2) })
	absent(t, s, want.Hash)
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveToken(ctx, want.Hash) })
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error { return tx.RemoveToken(ctx, want.Hash) })
}

func caseALeaseComesWithAToken(t *testing.T, s *store.Store) {
	i := anIntegration(1, "backup")
	token, l := aToken(1, i.ID, 15), aLease("0123456789abcdef", "c1")
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		return errors.Join(tx.AddIntegration(ctx, i), tx.AddToken(ctx, token), tx.AddLease(ctx, l))
	})
	l.Version = 1
	for _, id := range []string{l.ID, "", "x", l.ID[:9], l.ID[1:], "\u00e9" + l.ID} {
		view(t, s, func(ctx context.Context, r vault.Reader) error {
			want := vault.Lease{}
			if id == l.ID {
				want = l
			}
			found, version, lease, err := r.TokenFor(ctx, token.Hash, id)
			same(t, lease, want)
			if found != token || version != 1 {
				t.Errorf("%+v of version %d, want %+v of 1", found, version, token)
			}
			return err
		})
	}
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error {
		_, _, _, err := tx.TokenFor(ctx, vault.TokenHash{9}, l.ID)
		return err
	})
}

func absent(t *testing.T, s *store.Store, hash vault.TokenHash) {
	t.Helper()
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error {
		_, _, err := tx.Token(ctx, hash)
		return err
	})
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
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		_, _, err := r.Token(ctx, aToken(1, "", 0).Hash)
		return err
	})
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
