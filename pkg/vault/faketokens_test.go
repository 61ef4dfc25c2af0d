package vault_test

import (
	"context"
	"slices"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

func (f *fakeStore) Glance(ctx context.Context, read func(context.Context, vault.Reader) error) error {
	return f.View(ctx, read)
}

func (s *fakeState) IntegrationsOfAccounts(_ context.Context, folded []string) ([]vault.Integration, error) {
	var out []vault.Integration
	for _, i := range s.integrations {
		if slices.Contains(folded, vault.Fold(i.Account)) {
			out = append(out, i)
		}
	}
	return out, nil
}

func (f *fakeStore) Holding(ctx context.Context, hash vault.TokenHash, lease string) (h vault.Holding, err error) {
	err = f.View(ctx, func(_ context.Context, r vault.Reader) error {
		s, _ := r.(*fakeState)
		t, ok := s.tokens[hash]
		if !ok {
			return vault.ErrAbsent
		}
		i, err := get(s.integrations, t.IntegrationID)
		h = vault.Holding{Token: t, Edition: i.Edition(), Lease: s.leases[lease]}
		return err
	})
	return h, err
}

func (s *fakeState) AddToken(_ context.Context, t vault.Token, holder vault.Edition) error {
	if s.integrations[t.IntegrationID].Edition() != holder {
		return vault.ErrStale
	}
	s.tokens[t.Hash] = t
	return nil
}

func (s *fakeState) HasToken(_ context.Context, hash vault.TokenHash) (bool, error) {
	_, ok := s.tokens[hash]
	return ok, nil
}

func (s *fakeState) RemoveToken(_ context.Context, hash vault.TokenHash) error {
	if _, ok := s.tokens[hash]; !ok {
		return vault.ErrAbsent
	}
	delete(s.tokens, hash)
	return nil
}

func (s *fakeState) RemoveTokens(_ context.Context, before time.Time, limit int) (int, error) {
	n := 0
	for hash, t := range s.tokens {
		if n < limit && t.Expires.Before(before) {
			delete(s.tokens, hash)
			n++
		}
	}
	return n, nil
}

// standing reports whether what was decided on is as it was.
func standing(ctx context.Context, tx vault.Tx, i vault.Issue) bool {
	c, err := tx.Credential(ctx, i.Lease.CredentialID)
	if err != nil || c.Edition() != i.On.Credential {
		return false
	}
	if state, _ := tx.(*fakeState); i.On.Token != (vault.TokenHash{}) && state.tokens[i.On.Token].IntegrationID == "" {
		return false
	}
	if p, err := tx.Policy(ctx, i.On.PolicyID); i.On.Policy > 0 && (err != nil || p.Edition() != i.On.Policy) {
		return false
	}
	holder, err := tx.Integration(ctx, i.Lease.Holder.ID)
	return i.On.Integration == 0 || err == nil && holder.Edition() == i.On.Integration
}
