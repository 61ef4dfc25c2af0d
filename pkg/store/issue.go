package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// issue is a lease and its events, written out: that is not left to the writer.
type issue struct {
	vault.Issue
	holder string // its key
	body   string
	texts  [][]byte // the canonical forms of the events
}

// Issue keeps a lease and its events, together with those of others that wait.
func (s *Store) Issue(ctx context.Context, i vault.Issue) error {
	return s.db.Gather(ctx, issueOf(i, s.at.Dialect))
}

func issueOf(i vault.Issue, on sqldb.Dialect) *issue {
	item := &issue{Issue: i, holder: actorKey(i.Lease.Holder), body: bodyOf(&i.Lease, on), texts: make([][]byte, 0, len(i.Events))}
	for n := range i.Events {
		item.texts = append(item.texts, i.Events[n].Encode())
	}
	return item
}

// issueAll applies what was gathered: all leases, then the events of those that
// could be added, linked to one chain.
func (s *Store) issueAll(ctx context.Context, tx *sqldb.Tx, items []any) ([]error, error) {
	t, all := s.txn(tx), make([]*issue, len(items))
	for n, item := range items {
		all[n], _ = item.(*issue) // Issue gathers nothing else
	}
	if err := t.LockRules(ctx); err != nil {
		return nil, err
	}
	if tx.Dialect() == sqldb.PostgreSQL && tx.Hopeful && headOf(tx.Slot).loaded {
		return make([]error, len(items)), t.issueHoping(ctx, all)
	}
	add := t.addStanding
	if tx.Dialect() == sqldb.PostgreSQL {
		add = t.addTogether
	}
	added, err := add(ctx, all)
	if err != nil {
		return nil, err
	}
	errs, done := make([]error, len(items)), make([]*issue, 0, len(items))
	for n, i := range all {
		if errs[n] = vault.ErrStale; added[n] {
			errs[n], done = nil, append(done, i)
		}
	}
	return errs, t.recordIssues(ctx, done)
}

// issueHoping takes it that all leases can be added. So everything is sent with the
// commit, which fails when one of them can't.
func (t *txn) issueHoping(ctx context.Context, all []*issue) error {
	query, values := t.hopeMany, []any(nil)
	if len(all) <= together {
		query = t.hope[len(all)-1]
		for _, i := range inOrder(all) {
			values = append(values, i.values()...)
		}
	} else {
		values = listsOf(inOrder(all))
	}
	if err := t.Later(ctx, query, values...); err != nil {
		return err
	}
	return t.recordIssues(ctx, all)
}

// inOrder is the order in which everybody adds leases, so that nobody waits for one
// who waits for them.
func inOrder(all []*issue) []*issue {
	return slices.SortedStableFunc(slices.Values(all), func(a, b *issue) int { return cmp.Compare(a.Lease.CredentialID, b.Lease.CredentialID) })
}

func listsOf(all []*issue) columns {
	c := make(columns, len(all[0].values()))
	for _, i := range all {
		c.add(i.values())
	}
	return c
}

// addTogether adds leases by one statement, and tells which it could add.
func (t *txn) addTogether(ctx context.Context, all []*issue) ([]bool, error) {
	order := inOrder(all)
	query, values := t.addIssue, order[0].values()
	if len(all) > 1 {
		query, values = t.addIssues, listsOf(order)
	}
	ids := map[string]*issue{}
	err := sqldb.Each(ctx, t.Tx, func(r sqldb.Row) error {
		var id string
		err := r.Scan(&id)
		ids[id] = nil
		return err
	}, query, values...)
	for _, i := range order {
		if first, there := ids[i.Lease.ID]; there && first == nil {
			ids[i.Lease.ID] = i // nobody else has it
		}
	}
	added := make([]bool, len(all))
	for n, i := range all {
		added[n] = ids[i.Lease.ID] == i
	}
	return added, refused(err)
}

// values are in the order of issueColumns.
func (i *issue) values() []any {
	l := &i.Lease
	return []any{l.ID, l.CredentialID, int64(i.On.Credential), i.On.PolicyID, int64(i.On.Policy), l.Holder.ID, int64(i.On.Integration), i.holder, truth(l.Exclusive), l.Key, micros(l.Due), i.body, i.token()}
}

// token is the hash of one that has to be there, or nothing.
func (i *issue) token() []byte {
	if i.On.Token == (vault.TokenHash{}) {
		return []byte{}
	}
	return i.On.Token[:]
}

// recordIssues links the events of what was issued to one chain.
func (t *txn) recordIssues(ctx context.Context, done []*issue) error {
	if len(done) == 0 {
		return nil
	}
	head, err := t.Head(ctx)
	if err != nil {
		return err
	}
	records, texts := t.room(2*len(done)), make([][]byte, 0, 2*len(done))
	for _, i := range done {
		for n := range i.Events {
			var r audit.Record
			r, head = head.LinkEncoded(i.Events[n], i.texts[n])
			records, texts = append(records, r), append(texts, i.texts[n])
		}
	}
	return t.addEncoded(ctx, records, texts, done[len(done)-1].Seal(head))
}

// room is for so many records. On SQLite it is used again, for what is written of them
// is copied at once; on PostgreSQL it is sent later.
func (t *txn) room(records int) []audit.Record {
	if t.Dialect() != sqldb.SQLite {
		return make([]audit.Record, 0, records)
	}
	e := headOf(t.Slot)
	if clear(e.records); cap(e.records) < records {
		e.records = make([]audit.Record, records)
	}
	return e.records[:0]
}
