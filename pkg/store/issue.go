package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/store/sqldb"
	"github.com/redim-tools/redim/pkg/vault"
)

// Issue keeps a lease and its events, together with those of others that wait.
func (s *Store) Issue(ctx context.Context, i vault.Issue) error { return s.db.Gather(ctx, i) }

// issueAll applies what was gathered: all leases, then the events of those that
// could be added, linked to one chain.
func (s *Store) issueAll(ctx context.Context, tx *sqldb.Tx, items []any) ([]error, error) {
	w := &issuing{txn: s.txn(tx), known: map[ground]bool{}}
	errs := make([]error, len(items))
	var done []vault.Issue
	for n, item := range items {
		i, _ := item.(vault.Issue) // Issue gathers nothing else
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
func (w *issuing) issue(ctx context.Context, i vault.Issue) error {
	l := i.Lease
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
	return w.add(ctx, l, i.On.Credential)
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
func (w *issuing) add(ctx context.Context, l vault.Lease, version int64) error {
	body, _ := json.Marshal(bodyOf(l))
	n, err := w.Exec(ctx, w.addIssue, l.ID, l.CredentialID, version, actorKey(l.Holder), truth(l.Exclusive), l.Key, micros(l.Due), string(body))
	if c, ok := errors.AsType[*sqldb.ConstraintError](err); ok && c.Name == "leases.credential_id" {
		return vault.ErrStale
	}
	if err == nil && n == 0 {
		err = vault.ErrTaken
	}
	return refused(err)
}

// record links the events of what was issued to one chain.
func (w *issuing) record(ctx context.Context, done []vault.Issue) error {
	if len(done) == 0 {
		return nil
	}
	head, err := w.Head(ctx)
	if err != nil {
		return err
	}
	var records []audit.Record
	for _, i := range done {
		for _, e := range i.Events {
			var r audit.Record
			r, head = head.Link(e)
			records = append(records, r)
		}
	}
	return w.AddRecords(ctx, records, done[len(done)-1].Seal(head))
}
