package vault_test

import (
	"cmp"
	"context"
	"slices"

	"github.com/redim-tools/redim/pkg/vault"
)

func (s *fakeState) Passages(_ context.Context, c vault.PassageCriteria) ([]vault.Passage, error) {
	var out []vault.Passage
	for _, p := range s.passages {
		fits := (c.LeaseID == "" || p.LeaseID == c.LeaseID) && (c.CredentialID == "" || p.CredentialID == c.CredentialID) &&
			(c.Before.IsZero() || !p.Look.IsZero() && p.Look.Before(c.Before))
		if fits {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b vault.Passage) int { return cmp.Or(a.Look.Compare(b.Look), cmp.Compare(a.LeaseID, b.LeaseID)) })
	if c.Limit > 0 && len(out) > c.Limit {
		out = out[:c.Limit]
	}
	return out, nil
}

func (s *fakeState) AddPassage(_ context.Context, p vault.Passage) error {
	if _, ok := s.passages[p.LeaseID]; ok {
		return vault.ErrTaken
	}
	s.passages[p.LeaseID] = p
	return nil
}

func (s *fakeState) ChangePassage(_ context.Context, p vault.Passage) error {
	if _, ok := s.passages[p.LeaseID]; !ok {
		return vault.ErrAbsent
	}
	s.passages[p.LeaseID] = p
	return nil
}

func (s *fakeState) RemovePassage(_ context.Context, leaseID string) error {
	if _, ok := s.passages[leaseID]; !ok {
		return vault.ErrAbsent
	}
	delete(s.passages, leaseID)
	return nil
}
