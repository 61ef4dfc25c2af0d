package vault_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/redim-tools/redim/pkg/vault"
)

func (s *fakeState) DueRotation(_ context.Context, credentialID string) (vault.DueRotation, error) {
	return get(s.due, credentialID)
}

func (s *fakeState) DueRotations(_ context.Context, before time.Time, limit int) ([]vault.DueRotation, error) {
	var out []vault.DueRotation
	for _, d := range s.due {
		if d.Look.Before(before) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b vault.DueRotation) int {
		return cmp.Or(a.Look.Compare(b.Look), cmp.Compare(a.CredentialID, b.CredentialID))
	})
	return out[:min(limit, len(out))], nil
}

func (s *fakeState) AddDueRotation(_ context.Context, d vault.DueRotation) error {
	if _, ok := s.due[d.CredentialID]; ok {
		return vault.ErrTaken
	}
	s.due[d.CredentialID] = d
	return nil
}

func (s *fakeState) ChangeDueRotation(_ context.Context, d vault.DueRotation, was time.Time) error {
	if err := s.odd["ChangeDueRotation"]; err != nil {
		return err
	}
	if have, ok := s.due[d.CredentialID]; !ok || !have.Look.Equal(was) {
		return vault.ErrStale
	}
	s.due[d.CredentialID] = d
	return nil
}

func (s *fakeState) RemoveDueRotation(_ context.Context, credentialID string) error {
	delete(s.due, credentialID)
	return nil
}
