package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// issue is a lease and its events, written out: that is not left to the writer.
type issue struct {
	vault.Issue
	body  string
	texts [][]byte // the canonical forms of the events
}

// Issue keeps a lease and its events, together with those of others that wait.
func (s *Store) Issue(ctx context.Context, i vault.Issue) error {
	body, _ := json.Marshal(bodyOf(i.Lease)) // texts and numbers always marshal
	item := &issue{Issue: i, body: string(body)}
	for n := range i.Events {
		item.texts = append(item.texts, i.Events[n].Encode())
	}
	return s.db.Gather(ctx, item)
}

// issueAll applies what was gathered: all leases, then the events of those that
// could be added, linked to one chain.
func (s *Store) issueAll(ctx context.Context, tx *sqldb.Tx, items []any) ([]error, error) {
	w := &issuing{txn: s.txn(tx), known: map[ground]bool{}}
	errs := make([]error, len(items))
	done := make([]*issue, 0, len(items))
	for n, item := range items {
		i, _ := item.(*issue) // Issue gathers nothing else
		switch errs[n] = w.issue(ctx, i); {
		case errs[n] == nil:
			done = append(done, i)
		case !errors.Is(errs[n], vault.ErrTaken) && !errors.Is(errs[n], vault.ErrStale):
			return nil, errs[n]
		}
	}
	return errs, w.record(ctx, done)
}

// issuing is the work on what was gathered.
type issuing struct {
	*txn
	known map[ground]bool // whether a rule is as it was: most have the same
}

// ground is a version of a rule.
type ground struct {
	table, id string
	version   int64
}

// issue adds a lease, when what it was decided on is as it was.
func (w *issuing) issue(ctx context.Context, i *issue) error {
	l := &i.Lease
	for _, g := range []ground{{"policies", i.On.PolicyID, i.On.Policy}, {"integrations", l.Holder.ID, i.On.Integration}} {
		if stands, err := w.stands(ctx, g); err != nil || !stands {
			return errors.Join(err, stale(stands))
		}
	}
	if l.Key != "" {
		page, err := w.Requests(ctx, vault.RequestCriteria{Requester: &l.Holder, Key: l.Key, Paging: vault.Paging{Limit: 1}})
		if err != nil || len(page.Items) > 0 {
			return errors.Join(err, vault.ErrTaken)
		}
	}
	return w.add(ctx, i)
}

func stale(stands bool) error {
	if stands {
		return nil
	}
	return vault.ErrStale
}

// stands reports whether a rule has its version still.
func (w *issuing) stands(ctx context.Context, g ground) (bool, error) {
	if g.version == 0 {
		return true, nil
	}
	if known, ok := w.known[g]; ok {
		return known, nil
	}
	var version int64
	_, err := sqldb.One(ctx, w.Tx, "select version from "+g.table+" where id = $1", []any{g.id}, []any{&version})
	w.known[g] = version == g.version
	return w.known[g], err
}

// add adds the lease of a credential that has the version. The statement looks
// for the credential itself, and finds null when there is none.
func (w *issuing) add(ctx context.Context, i *issue) error {
	l := &i.Lease
	n, err := w.Exec(ctx, w.addIssue, l.ID, l.CredentialID, i.On.Credential, actorKey(l.Holder), truth(l.Exclusive), l.Key, micros(l.Due), i.body)
	if c, ok := errors.AsType[*sqldb.ConstraintError](err); ok && c.Name == "leases.credential_id" {
		return vault.ErrStale
	}
	if err == nil && n == 0 {
		err = vault.ErrTaken
	}
	return refused(err)
}

// record links the events of what was issued to one chain.
func (w *issuing) record(ctx context.Context, done []*issue) error {
	if len(done) == 0 {
		return nil
	}
	head, err := w.Head(ctx)
	if err != nil {
		return err
	}
	records, texts := make([]audit.Record, 0, 2*len(done)), make([][]byte, 0, 2*len(done))
	for _, i := range done {
		for n := range i.Events {
			var r audit.Record
			r, head = head.LinkEncoded(i.Events[n], i.texts[n])
			records, texts = append(records, r), append(texts, i.texts[n])
		}
	}
	return w.addEncoded(ctx, records, texts, done[len(done)-1].Seal(head))
}
