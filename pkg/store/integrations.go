package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const integrationColumns = "id, name, name_key, description, active, auth, proof_kind, proof_salt, proof_sum, account, account_key, allowed, reason, hours, comment, skip_justification, skip_until, grants, epoch, " + stampColumns

func integrationValues(i vault.Integration, version int64) []any {
	return append([]any{
		i.ID, i.Name, vault.Fold(i.Name), i.Description, truth(i.Active), string(i.Auth), string(i.Proof.Kind), bytes(i.Proof.Salt), bytes(i.Proof.Sum), i.Account, vault.Fold(i.Account),
		listed(i.Allowed), i.Reason, i.Hours.Microseconds(), i.Comment, i.Skip.Justification, micros(i.Skip.Until), listed(i.Grants), i.Epoch,
	}, stampValues(i.Stamp, version)...)
}

func integrationPlaces(i *vault.Integration) places {
	var key, account, allowed, grants string
	var active, hours, until int64
	var stamp stampRow
	return places{
		append([]any{
			&i.ID, &i.Name, &key, &i.Description, &active, &i.Auth, &i.Proof.Kind, &i.Proof.Salt, &i.Proof.Sum, &i.Account, &account,
			&allowed, &i.Reason, &hours, &i.Comment, &i.Skip.Justification, &until, &grants, &i.Epoch,
		}, stamp.into(&i.Stamp)...),
		func() error {
			i.Active, i.Hours, i.Skip.Until = active == 1, time.Duration(hours)*time.Microsecond, moment(until)
			i.Proof.Salt, i.Proof.Sum = some(i.Proof.Salt), some(i.Proof.Sum)
			stamp.fill(&i.Stamp)
			return errors.Join(unlist(allowed, &i.Allowed), unlist(grants, &i.Grants))
		},
	}
}

func scanIntegration(r sqldb.Row) (vault.Integration, error) { return scanned(integrationPlaces)(r) }

// some makes an empty value nil again.
func some(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// Integration reads by id.
func (t *txn) Integration(ctx context.Context, id string) (vault.Integration, error) {
	return one(ctx, t, scanIntegration, "select "+integrationColumns+" from integrations where id = $1", id)
}

// IntegrationNamed reads by name, without regard to case.
func (t *txn) IntegrationNamed(ctx context.Context, name string) (vault.Integration, error) {
	return one(ctx, t, scanIntegration, "select "+integrationColumns+" from integrations where name_key = $1", vault.Fold(name))
}

// AddIntegration adds; ErrTaken when the name is.
func (t *txn) AddIntegration(ctx context.Context, i vault.Integration) error {
	if err := t.insert(ctx, "integrations", integrationColumns, integrationValues(i, max(i.Version, 1))...); err != nil {
		return err
	}
	return t.index(ctx, i)
}

// ChangeIntegration writes the next version.
func (t *txn) ChangeIntegration(ctx context.Context, i vault.Integration) error {
	headOf(t.Slot).rules = true
	if err := t.change(ctx, "integrations", integrationColumns, "id", i.ID, i.Version, integrationValues(i, i.Version+1)...); err != nil {
		return err
	}
	return t.index(ctx, i)
}

// RemoveIntegration removes; its events stay.
func (t *txn) RemoveIntegration(ctx context.Context, id string, version int64) error {
	headOf(t.Slot).rules = true
	return t.remove(ctx, "integrations", id, version)
}

// index keeps what search looks for.
func (t *txn) index(ctx context.Context, i vault.Integration) error {
	if t.Dialect() == sqldb.SQLite {
		var n int64
		if _, err := sqldb.One(ctx, t.Tx, "select n from integrations where id = $1", []any{i.ID}, []any{&n}); err != nil {
			return err
		}
		return t.setTerms(ctx, numbered{i, n})
	}
	words, err := vault.ParseWords(i.Description)
	if err != nil {
		return err
	}
	return t.Later(ctx, "update integrations set words = array_to_tsvector($1::text[]) where id = $2", words, i.ID)
}

// setTerms puts the terms of an integration in the place of those that it had.
func (t *txn) setTerms(ctx context.Context, i numbered) error {
	terms, err := termsOf(i.Integration)
	if err != nil {
		return err
	}
	return t.Later(ctx, "insert or replace into integration_terms (rowid, term) values ($1, $2)", i.n, strings.Join(terms, " "))
}
