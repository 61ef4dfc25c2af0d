package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// A crowd is those who have a credential that one may have at a time, from before
// its policy said so. To look for them would cost each check-out of one holder more
// than its own row; so the credential is noted when the rule changes.

const intoCrowds = "insert into crowds (credential_id) select distinct credential_id from leases"

// crowdsOf notes the credentials of policies that the transaction makes those of one
// holder. It comes last, when nobody adds a lease any more that was decided before.
func crowdsOf(ctx context.Context, tx *sqldb.Tx, policies []string) error {
	for _, id := range policies {
		err := tx.Later(ctx, intoCrowds+` where state = 'open' and exclusive = 0 and credential_id in (select id from credentials where policy_id = $1)
on conflict do nothing`, id)
		if err != nil {
			return err
		}
	}
	return nil
}

// moves tells whether a credential is about to get another policy.
func (t *txn) moves(ctx context.Context, c vault.Credential) (bool, error) {
	var n int64
	return sqldb.One(ctx, t.Tx, "select 1 from credentials where id = $1 and coalesce(policy_id, '') <> $2", []any{c.ID, c.PolicyID}, []any{&n})
}

// crowdOf notes a credential that has got another policy. Nobody adds a lease of it
// meanwhile, for its row is changed.
func (t *txn) crowdOf(ctx context.Context, c vault.Credential) error {
	var w where
	w.and("state = 'open' and exclusive = 0")
	w.leasesOf(t.Dialect(), vault.LeaseCriteria{State: vault.LeaseOpen, CredentialID: c.ID})
	return t.Later(ctx, intoCrowds+w.String()+" on conflict do nothing", w.args...)
}

// alone forgets the crowd of a credential that an exclusive lease was added to: who
// adds one has looked at all that are open.
func (t *txn) alone(ctx context.Context, l vault.Lease) error {
	if !l.Exclusive {
		return nil
	}
	return t.Tx.Later(ctx, "delete from crowds where credential_id = $1", l.CredentialID)
}
