package store

import (
	"context"

	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// standing is what the writer of a SQLite store has found to be so, as long as
// nobody has changed it: another process tells by another version of the data, and this
// one by what it writes, which is disturb. A check-out need not look at it again then.
type standing struct {
	credentials  editions
	policies     editions
	integrations editions
	tokens       map[vault.TokenHash]struct{} // that are there

	keyed   bool // some request has an idempotency key
	crowded bool // some credential has a crowd
}

// editions are those of records by their ids; 0 of one that there is not.
type editions map[string]vault.Edition

// mostStanding is how many records of a kind are known, in about 3 MiB for all.
const mostStanding = 12288

// keep keeps one, in place of any other when there are too many.
func (e editions) keep(id string, edition int64) { keepOne(e, id, vault.Edition(edition)) }

func keepOne[K comparable, V any](kept map[K]V, key K, v V) {
	if _, there := kept[key]; !there && len(kept) >= mostStanding {
		for other := range kept {
			delete(kept, other)
			break
		}
	}
	kept[key] = v
}

// disturb forgets what stands.
func (t *txn) disturb() {
	if t.Slot != nil {
		headOf(t.Slot).standing = nil
	}
}

// disturbBy is disturb, but for a change of a table that no check-out is decided on.
func (t *txn) disturbBy(table string) {
	switch table {
	case "leases", "passages", "due_rotations":
	default:
		t.disturb()
	}
}

func (t *txn) forgetTokens() {
	if s := headOf(t.Slot).standing; s != nil {
		clear(s.tokens)
	}
}

// stands is what is known in this transaction, which must not have changed anything.
func (t *txn) stands(ctx context.Context) (*standing, error) {
	e := headOf(t.Slot)
	err := t.look(ctx, e)
	if err != nil || e.standing != nil {
		return e.standing, err
	}
	s := &standing{credentials: editions{}, policies: editions{}, integrations: editions{}, tokens: map[vault.TokenHash]struct{}{}}
	var keyed, crowded int64
	_, err = sqldb.One(ctx, t.Tx, "select exists (select 1 from requests where idempotency <> ''), exists (select 1 from crowds)", nil, []any{&keyed, &crowded})
	s.keyed, s.crowded = keyed == 1, crowded == 1
	if err == nil {
		e.standing = s
	}
	return s, err
}

// bears reports whether what the lease was decided on is as it was.
func (s *standing) bears(ctx context.Context, t *txn, i *issue) (bool, error) {
	bears, known := s.compare(i)
	if !known {
		if err := s.learn(ctx, t, i); err != nil {
			return false, err
		}
		bears, _ = s.compare(i)
	}
	l := &i.Lease
	if !bears || !(s.keyed && l.Key != "") && !(s.crowded && l.Exclusive) {
		return bears, nil
	}
	var n int64
	hindered, err := sqldb.One(ctx, t.Tx, `select 1 where exists (select 1 from requests where actor_key = $1 and idempotency = $2 and idempotency <> '')
  or $3 = 1 and exists (select 1 from crowds where credential_id = $4)`, []any{i.holder, l.Key, truth(l.Exclusive), l.CredentialID}, []any{&n})
	return !hindered, err
}

// compare reports whether all is as it was, as far as it is known. Edition 0 of a
// policy or an integration, or no token, is none that the lease was decided on; a
// credential it always was.
func (s *standing) compare(i *issue) (same, known bool) {
	on := &i.On
	same, known = s.credentials.compare(i.Lease.CredentialID, on.Credential)
	same = same && on.Credential != 0
	if on.Policy != 0 {
		as, is := s.policies.compare(on.PolicyID, on.Policy)
		same, known = same && as, known && is
	}
	if on.Integration != 0 {
		as, is := s.integrations.compare(i.Lease.Holder.ID, on.Integration)
		same, known = same && as, known && is
	}
	if on.Token != (vault.TokenHash{}) {
		_, is := s.tokens[on.Token]
		same, known = same && is, known && is
	}
	return same, known
}

func (e editions) compare(id string, edition vault.Edition) (same, known bool) {
	is, known := e[id]
	return is == edition, known
}

func (s *standing) learn(ctx context.Context, t *txn, i *issue) error {
	var credential, policy, integration, token int64
	_, err := sqldb.One(ctx, t.Tx, `select coalesce((select version + changed from credentials where id = $1), 0), coalesce((select version + changed from policies where id = $2), 0),
  coalesce((select version + changed from integrations where id = $3), 0), exists (select 1 from access_tokens where hash = $4)`,
		[]any{i.Lease.CredentialID, i.On.PolicyID, i.Lease.Holder.ID, i.token()}, []any{&credential, &policy, &integration, &token})
	if err != nil {
		return err
	}
	s.credentials.keep(i.Lease.CredentialID, credential)
	s.policies.keep(i.On.PolicyID, policy)
	s.integrations.keep(i.Lease.Holder.ID, integration)
	if token == 1 {
		keepOne(s.tokens, i.On.Token, struct{}{})
	}
	return nil
}
