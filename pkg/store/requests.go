package store

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const actorColumns = "actor_kind, actor_id, actor_name, actor_address, actor_key"

func actorValues(a vault.Actor) []any {
	return []any{string(a.Kind), a.ID, a.Name, a.Address, actorKey(a)}
}

func actorInto(a *vault.Actor, key *string) []any {
	return []any{&a.Kind, &a.ID, &a.Name, &a.Address, key}
}

// actorKey is equal for actors that are the same.
func actorKey(a vault.Actor) string {
	if a.Kind == vault.ActorIntegration {
		return string(a.Kind) + ":" + a.ID
	}
	return string(a.Kind) + ":" + vault.Fold(a.Name)
}

const requestColumns = "id, credential_id, credential, wanted, reason, comment, ticket, needed, approvers, fallback, state, until, decisions, lease, idempotency, digest, " + actorColumns + ", " + stampColumns

func requestValues(r vault.Request, version int64) []any {
	values := []any{
		r.ID, r.CredentialID, r.Credential, r.For.Microseconds(), r.Reason, r.Comment, r.Ticket, int64(r.Needed), listed(r.Approvers), string(r.Then), string(r.State), micros(r.Until), listed(r.Decisions), r.Lease, r.Key, r.Digest,
	}
	return append(append(values, actorValues(r.Requester)...), stampValues(r.Stamp, version)...)
}

func scanRequest(row sqldb.Row) (r vault.Request, err error) {
	var wanted, needed, until int64
	var approvers, decisions, key string
	var stamp stampRow
	into := []any{
		&r.ID, &r.CredentialID, &r.Credential, &wanted, &r.Reason, &r.Comment, &r.Ticket, &needed, &approvers, &r.Then, &r.State, &until, &decisions, &r.Lease, &r.Key, &r.Digest,
	}
	if err := row.Scan(append(append(into, actorInto(&r.Requester, &key)...), stamp.into(&r.Stamp)...)...); err != nil {
		return r, err
	}
	r.For, r.Needed, r.Until = time.Duration(wanted)*time.Microsecond, int(needed), moment(until)
	stamp.fill(&r.Stamp)
	return r, errors.Join(unlist(approvers, &r.Approvers), unlist(decisions, &r.Decisions))
}

// Request reads by id.
func (t *txn) Request(ctx context.Context, id string) (vault.Request, error) {
	return one(ctx, t, scanRequest, "select "+requestColumns+" from requests where id = $1", id)
}

// Requests lists, oldest first.
func (t *txn) Requests(ctx context.Context, c vault.RequestCriteria) (vault.Page[vault.Request], error) {
	var w where
	if len(c.IDs) > 0 {
		ids := make([]any, len(c.IDs))
		for i, id := range c.IDs {
			ids[i] = id
		}
		w.and("id in ("+marks(len(ids))+")", ids...)
	}
	if len(c.States) > 0 {
		states := make([]any, len(c.States))
		for i, s := range c.States {
			states[i] = string(s)
		}
		w.and("state in ("+marks(len(states))+")", states...)
	}
	if c.CredentialID != "" {
		w.and("credential_id = ?", c.CredentialID)
	}
	if c.Requester != nil {
		w.and("actor_key = ?", actorKey(*c.Requester))
	}
	if c.Key != "" {
		w.and("idempotency = ?", c.Key)
		w.and("idempotency <> ''")
	}
	if !c.Before.IsZero() {
		w.and("until < ?", micros(c.Before))
	}
	if !c.After.IsZero() {
		w.and("id > ?", c.After.ID)
	}
	return page(ctx, t, c.Paging, scanRequest, func(r vault.Request) vault.Cursor { return vault.Cursor{ID: r.ID} },
		"select "+requestColumns+" from requests"+w.String()+" order by id"+limit(c.Limit), w.args)
}

// AddRequest adds; ErrTaken when the id is.
func (t *txn) AddRequest(ctx context.Context, r vault.Request) error {
	return t.insert(ctx, "requests", requestColumns, requestValues(r, max(r.Version, 1))...)
}

// ChangeRequest writes the next version.
func (t *txn) ChangeRequest(ctx context.Context, r vault.Request) error {
	return t.change(ctx, "requests", requestColumns, "id", r.ID, r.Version, requestValues(r, r.Version+1)...)
}
