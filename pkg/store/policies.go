package store

import (
	"context"
	"time"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

const policyColumns = "id, name, name_key, description, needed, approvers, timeout, fallback, exclusive, longest, rotator, access, " + stampColumns

func policyValues(p vault.Policy, version int64) []any {
	return append([]any{
		p.ID, p.Name, vault.Fold(p.Name), p.Description, int64(p.Approval.Needed), listed(p.Approval.Approvers), p.Approval.Timeout.Microseconds(), string(p.Approval.Then),
		truth(p.Exclusive), p.Longest.Microseconds(), p.Rotator, string(p.Access),
	}, stampValues(p.Stamp, version)...)
}

func policyPlaces(p *vault.Policy) places {
	var key, approvers string
	var needed, timeout, exclusive, longest int64
	var stamp stampRow
	return places{
		append([]any{
			&p.ID, &p.Name, &key, &p.Description, &needed, &approvers, &timeout, &p.Approval.Then, &exclusive, &longest, &p.Rotator, &p.Access,
		}, stamp.into(&p.Stamp)...),
		func() error {
			p.Approval.Needed, p.Approval.Timeout = int(needed), time.Duration(timeout)*time.Microsecond
			p.Exclusive, p.Longest = exclusive == 1, time.Duration(longest)*time.Microsecond
			stamp.fill(&p.Stamp)
			return unlist(approvers, &p.Approval.Approvers)
		},
	}
}

func scanPolicy(r sqldb.Row) (vault.Policy, error) { return scanned(policyPlaces)(r) }

// Policy reads by id.
func (t *txn) Policy(ctx context.Context, id string) (vault.Policy, error) {
	return one(ctx, t, scanPolicy, "select "+policyColumns+" from policies where id = $1", id)
}

// PolicyNamed reads by name, without regard to case.
func (t *txn) PolicyNamed(ctx context.Context, name string) (vault.Policy, error) {
	return one(ctx, t, scanPolicy, "select "+policyColumns+" from policies where name_key = $1", vault.Fold(name))
}

// Policies lists in the order of names.
func (t *txn) Policies(ctx context.Context, c vault.PolicyCriteria) (vault.Page[vault.Policy], error) {
	var w where
	w.matches("name_key", c.Name)
	w.within("name_key", c.Name)
	if !c.After.IsZero() {
		w.and("name_key > ?", c.After.Key)
	}
	return page(ctx, t, c.Paging, scanPolicy, func(p vault.Policy) vault.Cursor {
		return vault.Cursor{Sort: vault.SortName, Key: vault.Fold(p.Name), ID: p.ID}
	}, "select "+policyColumns+" from policies"+w.String()+" order by name_key"+limit(c.Limit), w.args)
}

// AddPolicy adds; ErrTaken when the name is.
func (t *txn) AddPolicy(ctx context.Context, p vault.Policy) error {
	return t.insert(ctx, "policies", policyColumns, policyValues(p, max(p.Version, 1))...)
}

// ChangePolicy writes the next version.
func (t *txn) ChangePolicy(ctx context.Context, p vault.Policy) error {
	e := headOf(t.Slot)
	if e.rules = true; p.Exclusive {
		e.alone = append(e.alone, p.ID)
	}
	return t.change(ctx, "policies", policyColumns, "id", p.ID, p.Version, policyValues(p, p.Version+1)...)
}

// LockRules waits until nobody is about to commit a change of a policy or an
// integration, and keeps others from it until the unit ends. A SQLite file has one
// writer, so there it is so already. A lock on the rows would be written to them each
// time; this one isn't. Who changes a rule takes it last, just before the commit, so
// nobody who has it waits for him, and an import of many rows stops nobody. He waits
// two seconds at most, for others wait behind him.
func (t *txn) LockRules(ctx context.Context) error {
	if t.Dialect() == sqldb.SQLite {
		return nil
	}
	return t.Later(ctx, "select pg_advisory_xact_lock_shared("+rulesLock+")")
}

// rulesLock is the name of the lock: "rules" in ASCII.
const rulesLock = "491596309875"

// RemovePolicy removes one that no credential has.
func (t *txn) RemovePolicy(ctx context.Context, id string, version int64) error {
	headOf(t.Slot).rules = true
	var n int64
	found, err := sqldb.One(ctx, t.Tx, "select 1 from credentials where policy_id = $1 limit 1", []any{id}, []any{&n})
	if err != nil {
		return err
	}
	if found {
		return vault.ErrInUse
	}
	return t.remove(ctx, "policies", id, version)
}
