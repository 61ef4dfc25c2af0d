package vault_test

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/vault"
)

func (s *fakeState) Request(_ context.Context, id string) (vault.Request, error) {
	return get(s.requests, id)
}

func (s *fakeState) Requests(_ context.Context, c vault.RequestCriteria) (vault.Page[vault.Request], error) {
	fits := func(r vault.Request) bool {
		return (len(c.IDs) == 0 || slices.Contains(c.IDs, r.ID)) && (c.Key == "" || c.Key == r.Key) && (len(c.States) == 0 || slices.Contains(c.States, r.State)) && (c.CredentialID == "" || c.CredentialID == r.CredentialID) &&
			(c.Requester == nil || c.Requester.Same(r.Requester)) && (c.Before.IsZero() || r.Until.Before(c.Before))
	}
	return page(s.requests, c.Paging, fits, func(vault.Request) string { return "" }, func(r vault.Request) string { return r.ID }), nil
}

func (s *fakeState) IDsBetween(_ context.Context, kind vault.RecordKind, low, high string, limit int) ([]string, error) {
	all := map[vault.RecordKind][]string{
		vault.KindIntegration: slices.Collect(maps.Keys(s.integrations)), vault.KindCredential: slices.Collect(maps.Keys(s.credentials)),
		vault.KindPolicy: slices.Collect(maps.Keys(s.policies)), vault.KindRequest: slices.Collect(maps.Keys(s.requests)),
	}[kind]
	fits := slices.DeleteFunc(all, func(id string) bool { return id < low || id > high })
	slices.Sort(fits)
	return fits[:min(limit, len(fits))], nil
}

func (s *fakeState) AddRequest(_ context.Context, r vault.Request) error {
	return add(s.requests, r.ID, "", r, nil)
}

func (s *fakeState) ChangeRequest(_ context.Context, r vault.Request) error {
	if err := s.odd["ChangeRequest"]; err != nil {
		return err
	}
	return change(s.requests, r.ID, r.Version, r, func(r *vault.Request) *vault.Stamp { return &r.Stamp }, nil)
}

func (s *fakeState) Lease(_ context.Context, id string) (vault.Lease, error) {
	return get(s.leases, id)
}

func (s *fakeState) Leases(_ context.Context, c vault.LeaseCriteria) (vault.Page[vault.Lease], error) {
	fits := func(l vault.Lease) bool {
		return (c.State == "" || c.State == l.State) && (c.CredentialID == "" || c.CredentialID == l.CredentialID) && (c.Key == "" || c.Key == l.Key) &&
			(c.Holder == nil || c.Holder.Same(l.Holder)) && (c.Before.IsZero() || l.Due.Before(c.Before))
	}
	return page(s.leases, c.Paging, fits, func(l vault.Lease) string { return l.At.Format("20060102150405.000000") }, func(l vault.Lease) string { return l.ID }), nil
}

func (s *fakeState) AddLease(_ context.Context, l vault.Lease) error {
	if err := s.odd["AddLease"]; err != nil {
		return err
	}
	for _, o := range s.leases {
		if o.State == vault.LeaseOpen && o.CredentialID == l.CredentialID && o.Exclusive && l.Exclusive {
			return vault.ErrTaken
		}
		if l.Key != "" && o.Key == l.Key && o.Holder.Same(l.Holder) {
			return vault.ErrTaken
		}
	}
	return add(s.leases, l.ID, "", l, nil)
}

func (s *fakeState) ChangeLease(_ context.Context, l vault.Lease) error {
	if err := s.odd["ChangeLease"]; err != nil {
		return err
	}
	return change(s.leases, l.ID, l.Version, l, func(l *vault.Lease) *vault.Stamp { return &l.Stamp }, nil)
}

func (s *fakeState) Events(_ context.Context, c vault.EventCriteria) (vault.Page[audit.Record], error) {
	m := map[string]audit.Record{}
	for _, r := range s.records {
		m[r.Hash.String()] = r
	}
	fits := func(r audit.Record) bool {
		e := r.Event
		return (c.IntegrationID == "" || c.IntegrationID == e.IntegrationID) && (c.Integration == "" || c.Integration == vault.Fold(e.Integration)) &&
			(c.Credential == "" || c.Credential == vault.Fold(e.Credential)) && (len(c.Kinds) == 0 || slices.Contains(c.Kinds, e.Kind)) &&
			(c.Released == "" || c.Released == e.Released) && (c.Since.IsZero() || !e.Time.Before(c.Since)) && (c.Until.IsZero() || e.Time.Before(c.Until)) &&
			(c.Actor == "" || c.Actor == vault.Fold(e.Actor)) && (c.Lease == "" || c.Lease == e.Lease)
	}
	key := func(r audit.Record) string {
		n := int64(r.Seq)
		if !c.OldestFirst {
			n = 1<<40 - n
		}
		return fixed(n)
	}
	return page(m, c.Paging, fits, key, func(r audit.Record) string { return r.Hash.String() }), nil
}

func fixed(n int64) string {
	out := make([]byte, 16)
	for i := range out {
		out[len(out)-1-i] = byte('0' + n%10)
		n /= 10
	}
	return string(out)
}

func (s *fakeState) Records(context.Context) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for _, r := range s.records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (s *fakeState) Heads(context.Context) ([]audit.Head, error) {
	if s.head.Seq == 0 {
		return nil, nil
	}
	return []audit.Head{s.head}, nil
}

func (s *fakeState) Checkpoints(context.Context) iter.Seq2[audit.Checkpoint, error] {
	return func(yield func(audit.Checkpoint, error) bool) {
		for _, c := range s.checkpoints {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (s *fakeState) LastCheckpoint(context.Context) (audit.Checkpoint, error) {
	if len(s.checkpoints) == 0 {
		return audit.Checkpoint{}, vault.ErrAbsent
	}
	return s.checkpoints[len(s.checkpoints)-1], nil
}

func (s *fakeState) Head(context.Context) (audit.Head, error) { return s.head, nil }

func (s *fakeState) AddRecords(_ context.Context, records []audit.Record, head audit.Head) error {
	s.records, s.head = append(s.records, records...), head
	return nil
}

func (s *fakeState) AddCheckpoint(_ context.Context, c audit.Checkpoint) error {
	s.checkpoints = append(s.checkpoints, c)
	return nil
}

func (s *fakeState) KeyRecord(_ context.Context, name string) (vault.KeyRecord, error) {
	return get(s.keys, name)
}

func (s *fakeState) LockKeyRecord(ctx context.Context, name string) (vault.KeyRecord, error) {
	return s.KeyRecord(ctx, name)
}

func (s *fakeState) KeyRecords(context.Context) ([]vault.KeyRecord, error) {
	return slices.SortedFunc(maps.Values(s.keys), func(a, b vault.KeyRecord) int { return strings.Compare(a.Name, b.Name) }), nil
}

func (s *fakeState) AddKeyRecord(_ context.Context, k vault.KeyRecord) error {
	return add(s.keys, k.Name, "", k, nil)
}

func (s *fakeState) ChangeKeyRecord(_ context.Context, k vault.KeyRecord) error {
	if s.keys[k.Name].Version != k.Version {
		return vault.ErrStale
	}
	k.Version++
	s.keys[k.Name] = k
	return nil
}
