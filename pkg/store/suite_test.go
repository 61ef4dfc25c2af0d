package store_test

import (
	"context"
	"testing"

	"github.com/redim-tools/redim/pkg/store"
	"github.com/redim-tools/redim/pkg/vault"
)

type suiteCase struct {
	name string
	run  func(*testing.T, *store.Store)
}

func suite() []suiteCase {
	return []suiteCase{
		{"an empty store answers", func(t *testing.T, s *store.Store) {
			view(t, s, func(ctx context.Context, r vault.Reader) error {
				p, err := r.Integrations(ctx, vault.IntegrationCriteria{Paging: vault.Paging{Limit: 50}})
				if len(p.Items) > 0 || p.Next != "" {
					t.Errorf("%v", p)
				}
				return err
			})
		}},
	}
}

func view(t *testing.T, s *store.Store, read func(context.Context, vault.Reader) error) {
	t.Helper()
	if err := s.View(t.Context(), read); err != nil {
		t.Fatal(err)
	}
}

func update(t *testing.T, s *store.Store, work func(context.Context, vault.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), work); err != nil {
		t.Fatal(err)
	}
}
