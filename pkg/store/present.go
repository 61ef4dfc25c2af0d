package store

import (
	"context"
	"errors"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// present is a credential with its present secret.
type present struct {
	vault.Credential
	secret vault.SecretVersion
}

// Present reads both in one query, which costs one round trip.
func (s *Store) Present(ctx context.Context, system, account string) (vault.Credential, vault.SecretVersion, error) {
	var found present
	err := s.db.Glance(ctx, func(ctx context.Context, tx *sqldb.Tx) (err error) {
		found, err = one(ctx, s.txn(tx), scanned(presentPlaces), s.sql.present, vault.Fold(system), vault.Fold(account))
		return err
	})
	return found.Credential, found.secret, err
}

func presentPlaces(p *present) places {
	c, v := credentialPlaces(&p.Credential), secretPlaces(&p.secret)
	return places{append(c.into, v.into...), func() error { return errors.Join(c.fill(), v.fill()) }}
}
