package store_test

import (
	"context"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

func passageCases() []suiteCase {
	return []suiteCase{
		{"passages come back as they were, the first to be looked at first", casePassagesComeBack},
		{"a credential keeps its source", caseACredentialKeepsItsSource},
	}
}

func casePassagesComeBack(t *testing.T, s *store.Store) {
	source := vault.Source{Kind: vault.SourceRedIM, Profile: "default", User: `EX\alice`}
	there := pam.Checkout{
		ID: "c1", Identity: pam.Identity{Domain: "EX", Name: "alice"}, At: at(1), State: pam.CheckoutOpen,
		Credential: pam.Credential{Kind: pam.KindDomain, System: "example.local", Namespace: "EX", Account: "svc", Type: pam.StoreWindows, Random: true},
	}
	late := vault.Passage{LeaseID: "l1", CredentialID: "c", Source: source, State: vault.PassageOwed, Checkout: there, Look: at(20)}
	soon := vault.Passage{LeaseID: "l2", CredentialID: "c", Source: source, State: vault.PassageAsked, Look: at(10)}
	never := vault.Passage{LeaseID: "l3", CredentialID: "d", Source: source, State: vault.PassageHeld}
	update(t, s, func(ctx context.Context, tx vault.Tx) error {
		for _, p := range []vault.Passage{late, soon, never} {
			if err := tx.AddPassage(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	refuses(t, s, vault.ErrTaken, func(ctx context.Context, tx vault.Tx) error { return tx.AddPassage(ctx, soon) })
	passages(t, s, vault.PassageCriteria{Before: at(30)}, soon, late)
	passages(t, s, vault.PassageCriteria{Before: at(15)}, soon)
	passages(t, s, vault.PassageCriteria{Before: at(30), Limit: 1}, soon)
	passages(t, s, vault.PassageCriteria{CredentialID: "d"}, never)
	passages(t, s, vault.PassageCriteria{LeaseID: "l1"}, late)
	late.State, late.Look = vault.PassageHeld, at(5)
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.ChangePassage(ctx, late) })
	passages(t, s, vault.PassageCriteria{Before: at(30)}, late, soon)
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.RemovePassage(ctx, "l1") })
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error { return tx.RemovePassage(ctx, "l1") })
	refuses(t, s, vault.ErrAbsent, func(ctx context.Context, tx vault.Tx) error { return tx.ChangePassage(ctx, late) })
}

func passages(t *testing.T, s *store.Store, c vault.PassageCriteria, want ...vault.Passage) {
	t.Helper()
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		got, err := r.Passages(ctx, c)
		same(t, got, want)
		return err
	})
}

func caseACredentialKeepsItsSource(t *testing.T, s *store.Store) {
	c := aCredential(1, "web01", "root")
	c.Source = vault.Source{Kind: vault.SourceRedIM, Profile: "default", User: "bob"}
	update(t, s, func(ctx context.Context, tx vault.Tx) error { return tx.AddCredential(ctx, c) })
	view(t, s, func(ctx context.Context, r vault.Reader) error {
		got, err := r.Credential(ctx, c.ID)
		same(t, got.Source, c.Source)
		return err
	})
}
