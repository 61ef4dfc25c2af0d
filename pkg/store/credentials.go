package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const credentialColumns = "id, system, account, system_key, account_key, ref_key, kind, description, policy_id, access, endpoints, source, source_profile, source_user, secret, " + stampColumns

func credentialValues(c vault.Credential, version int64) []any {
	var policy any
	if c.PolicyID != "" {
		policy = c.PolicyID
	}
	return append([]any{
		c.ID, c.System, c.Account, vault.Fold(c.System), vault.Fold(c.Account), vault.Fold(c.Ref()), string(c.Kind), c.Description, policy, string(c.Access), listed(c.Endpoints), string(c.Source.Kind), c.Source.Profile, c.Source.User, c.Secret,
	}, stampValues(c.Stamp, version)...)
}

func credentialPlaces(c *vault.Credential) places {
	var system, account, ref, endpoints string
	var policy *string
	var stamp stampRow
	return places{
		append([]any{
			&c.ID, &c.System, &c.Account, &system, &account, &ref, &c.Kind, &c.Description, &policy, &c.Access, &endpoints, &c.Source.Kind, &c.Source.Profile, &c.Source.User, &c.Secret,
		}, stamp.into(&c.Stamp)...),
		func() error {
			if policy != nil {
				c.PolicyID = *policy
			}
			stamp.fill(&c.Stamp)
			return unlist(endpoints, &c.Endpoints)
		},
	}
}

func scanCredential(r sqldb.Row) (vault.Credential, error) { return scanned(credentialPlaces)(r) }

// Credential reads by id.
func (t *txn) Credential(ctx context.Context, id string) (vault.Credential, error) {
	return one(ctx, t, scanCredential, "select "+credentialColumns+" from credentials where id = $1", id)
}

// CredentialNamed reads by system and account, without regard to case.
func (t *txn) CredentialNamed(ctx context.Context, system, account string) (vault.Credential, error) {
	return one(ctx, t, scanCredential, "select "+credentialColumns+" from credentials where system_key = $1 and account_key = $2", vault.Fold(system), vault.Fold(account))
}

// LockCredential reads, and keeps others from locking it. A SQLite file has one
// writer, so there it is locked already.
func (t *txn) LockCredential(ctx context.Context, id string) (vault.Credential, error) {
	if t.Dialect() == sqldb.SQLite {
		return t.Credential(ctx, id)
	}
	return one(ctx, t, scanCredential, "select "+credentialColumns+" from credentials where id = $1 for no key update", id)
}

// AddCredential adds; ErrTaken when system and account are, ErrAbsent when its
// policy isn't there.
func (t *txn) AddCredential(ctx context.Context, c vault.Credential) error {
	if err := noPolicy(t.insert(ctx, "credentials", credentialColumns, credentialValues(c, max(c.Version, 1))...)); err != nil {
		return err
	}
	return t.addEndpoints(ctx, c)
}

// ChangeCredential writes the next version.
func (t *txn) ChangeCredential(ctx context.Context, c vault.Credential) error {
	moves, err := t.moves(ctx, c)
	if err != nil {
		return err
	}
	if err := noPolicy(t.change(ctx, "credentials", credentialColumns, "id", c.ID, c.Version, credentialValues(c, c.Version+1)...)); err != nil {
		return err
	}
	if moves {
		if err := t.crowdOf(ctx, c); err != nil {
			return err
		}
	}
	if err := t.Later(ctx, "delete from credential_endpoints where credential_id = $1", c.ID); err != nil {
		return err
	}
	return t.addEndpoints(ctx, c)
}

// noPolicy: what a credential refers to, and can miss, is its policy.
func noPolicy(err error) error {
	if err == vault.ErrInUse { //nolint:errorlint // made a moment ago, never wrapped
		return vault.ErrAbsent
	}
	return err
}

func (t *txn) addEndpoints(ctx context.Context, c vault.Credential) error {
	for _, endpoint := range c.Endpoints {
		if err := t.Later(ctx, "insert into credential_endpoints (endpoint_key, credential_id) values ($1, $2) on conflict do nothing", vault.Fold(endpoint), c.ID); err != nil {
			return err
		}
	}
	return nil
}

// RemoveCredential removes one that nobody holds or asks for, with its secrets.
func (t *txn) RemoveCredential(ctx context.Context, id string, version int64) error {
	if _, err := t.LockCredential(ctx, id); err != nil {
		return err
	}
	open, err := t.Leases(ctx, vault.LeaseCriteria{State: vault.LeaseOpen, CredentialID: id, Paging: vault.Paging{Limit: 1}})
	if err != nil {
		return err
	}
	var n int64
	found, err := sqldb.One(ctx, t.Tx, "select 1 from requests where credential_id = $1 and state in ('pending', 'approved') limit 1", []any{id}, []any{&n})
	if err != nil {
		return err
	}
	if found || len(open.Items) > 0 {
		return vault.ErrInUse
	}
	return t.remove(ctx, "credentials", id, version)
}
