package vault_test

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/vault"
)

// fakeStore keeps everything in memory. It runs every unit twice, the first
// time for nothing, as a store may.
type fakeStore struct {
	mu    sync.Mutex
	state fakeState
	fail  error // of the next commit

	// before runs once, before the next unit, as another process might; odd is
	// what the next unit is answered by a writing method, as a store with other
	// processes might.
	before   func()
	scrubbed int // calls of Scrub
	odd      map[string]error
	times    int // how often fail
}

type fakeState struct {
	integrations map[string]vault.Integration
	credentials  map[string]vault.Credential
	versions     map[string][]vault.SecretVersion
	policies     map[string]vault.Policy
	requests     map[string]vault.Request
	leases       map[string]vault.Lease
	keys         map[string]vault.KeyRecord
	tokens       map[vault.TokenHash]vault.Token
	passages     map[string]vault.Passage
	due          map[string]vault.DueRotation
	records      []audit.Record
	head         audit.Head
	checkpoints  []audit.Checkpoint
	odd          map[string]error
}

func newFakeStore() *fakeStore {
	return &fakeStore{state: fakeState{
		integrations: map[string]vault.Integration{}, credentials: map[string]vault.Credential{}, versions: map[string][]vault.SecretVersion{},
		policies: map[string]vault.Policy{}, requests: map[string]vault.Request{}, leases: map[string]vault.Lease{}, keys: map[string]vault.KeyRecord{},
		tokens: map[vault.TokenHash]vault.Token{}, passages: map[string]vault.Passage{}, due: map[string]vault.DueRotation{},
		head: audit.Head{Chain: "writer"},
	}}
}

func (s fakeState) clone() *fakeState {
	s.integrations, s.credentials, s.policies = maps.Clone(s.integrations), maps.Clone(s.credentials), maps.Clone(s.policies)
	s.requests, s.leases, s.keys = maps.Clone(s.requests), maps.Clone(s.leases), maps.Clone(s.keys)
	s.versions, s.tokens, s.passages, s.due = maps.Clone(s.versions), maps.Clone(s.tokens), maps.Clone(s.passages), maps.Clone(s.due)
	for id, list := range s.versions {
		s.versions[id] = slices.Clone(list)
	}
	s.records, s.checkpoints = slices.Clone(s.records), slices.Clone(s.checkpoints)
	return &s
}

func (f *fakeStore) View(ctx context.Context, read func(context.Context, vault.Reader) error) error {
	f.mu.Lock()
	state := f.state.clone()
	f.mu.Unlock()
	return read(ctx, state)
}

func (f *fakeStore) Update(ctx context.Context, work func(context.Context, vault.Tx) error) error {
	if before := f.before; before != nil {
		f.before = nil
		before()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = work(ctx, f.state.clone())
	state := f.state.clone()
	state.odd, f.odd = f.odd, nil
	if err := work(ctx, state); err != nil {
		return err
	}
	if err := f.fail; err != nil {
		if f.times--; f.times <= 0 {
			f.fail = nil
		}
		return err
	}
	state.odd = nil
	f.state = *state
	return nil
}

// failNext makes the next so many updates fail.
func (f *fakeStore) failNext(times int, err error) { f.times, f.fail = times, err }

func (f *fakeStore) Present(ctx context.Context, system, account string) (vault.Credential, vault.SecretVersion, error) {
	f.mu.Lock()
	state := f.state.clone()
	f.mu.Unlock()
	c, err := state.CredentialNamed(ctx, system, account)
	if err != nil {
		return c, vault.SecretVersion{}, err
	}
	v, _ := state.SecretVersion(ctx, c.ID, c.Secret)
	return c, v, nil
}

func (f *fakeStore) Issue(ctx context.Context, i vault.Issue) error {
	return f.Update(ctx, func(ctx context.Context, tx vault.Tx) error {
		if !standing(ctx, tx, i) {
			return vault.ErrStale
		}
		waits, _ := tx.Requests(ctx, vault.RequestCriteria{Requester: &i.Lease.Holder, Key: i.Lease.Key, Paging: vault.Paging{Limit: 1}})
		if i.Lease.Key != "" && len(waits.Items) > 0 {
			return vault.ErrStale
		}
		open, _ := tx.Leases(ctx, vault.LeaseCriteria{State: vault.LeaseOpen, CredentialID: i.Lease.CredentialID, Paging: vault.Paging{Limit: 1}})
		if i.Lease.Exclusive && len(open.Items) > 0 {
			return vault.ErrStale
		}
		if err := tx.AddLease(ctx, i.Lease); errors.Is(err, vault.ErrTaken) {
			return vault.ErrStale
		} else if err != nil {
			return err
		}
		head, err := tx.Head(ctx)
		var records []audit.Record
		for _, e := range i.Events {
			var r audit.Record
			r, head = head.Link(e)
			records = append(records, r)
		}
		return errors.Join(err, tx.AddRecords(ctx, records, i.Seal(head)))
	})
}

func (f *fakeStore) Close() error { return nil }

func (f *fakeStore) Scrub(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scrubbed++
	err := f.fail
	f.fail = nil
	return err
}

func get[T any](m map[string]T, id string) (T, error) {
	if v, ok := m[id]; ok {
		return v, nil
	}
	return *new(T), vault.ErrAbsent
}

func named[T any](m map[string]T, name string, of func(T) string) (T, error) {
	for _, v := range m {
		if vault.Fold(of(v)) == vault.Fold(name) {
			return v, nil
		}
	}
	return *new(T), vault.ErrAbsent
}

// page sorts by key and id and cuts one page.
func page[T any](m map[string]T, p vault.Paging, fits func(T) bool, key func(T) string, id func(T) string) vault.Page[T] {
	items := slices.DeleteFunc(slices.Collect(maps.Values(m)), func(v T) bool { return !fits(v) })
	order := func(a, b T) int { return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(id(a), id(b))) }
	slices.SortFunc(items, order)
	items = slices.DeleteFunc(items, func(v T) bool {
		return !p.After.IsZero() && cmp.Or(cmp.Compare(key(v), p.After.Key), cmp.Compare(id(v), p.After.ID)) <= 0
	})
	if len(items) <= p.Limit {
		return vault.Page[T]{Items: items}
	}
	last := items[p.Limit-1]
	return vault.Page[T]{Items: items[:p.Limit], Next: vault.Cursor{Key: key(last), ID: id(last), Digest: p.Digest}.String()}
}

func add[T any](m map[string]T, id, name string, v T, of func(T) string) error {
	if of != nil {
		if _, err := named(m, name, of); err == nil {
			return vault.ErrTaken
		}
	}
	if _, ok := m[id]; ok {
		return vault.ErrTaken
	}
	m[id] = v
	return nil
}

// change replaces a row of this version; its name may not be another's.
func change[T any](m map[string]T, id string, version int64, v T, stamp func(*T) *vault.Stamp, of func(T) string) error {
	was, ok := m[id]
	if !ok || stamp(&was).Version != version {
		return vault.ErrStale
	}
	for other, o := range m {
		if of != nil && other != id && vault.Fold(of(o)) == vault.Fold(of(v)) {
			return vault.ErrTaken
		}
	}
	stamp(&v).Version++
	m[id] = v
	return nil
}

func integrationName(i vault.Integration) string { return i.Name }
func policyName(p vault.Policy) string           { return p.Name }
func credentialName(c vault.Credential) string   { return c.Ref() }

func (s *fakeState) Integration(_ context.Context, id string) (vault.Integration, error) {
	return get(s.integrations, id)
}

func (s *fakeState) IntegrationNamed(_ context.Context, name string) (vault.Integration, error) {
	return named(s.integrations, name, integrationName)
}

func (s *fakeState) Integrations(_ context.Context, c vault.IntegrationCriteria) (vault.Page[vault.Integration], error) {
	return page(s.integrations, c.Paging, c.Fits, func(i vault.Integration) string { return vault.Fold(i.Name) }, func(i vault.Integration) string { return i.ID }), nil
}

func (s *fakeState) AddIntegration(_ context.Context, i vault.Integration) error {
	return add(s.integrations, i.ID, i.Name, i, integrationName)
}

func (s *fakeState) ChangeIntegration(_ context.Context, i vault.Integration) error {
	if err := s.odd["ChangeIntegration"]; err != nil {
		return err
	}
	return change(s.integrations, i.ID, i.Version, i, func(i *vault.Integration) *vault.Stamp { return &i.Stamp }, integrationName)
}

func (s *fakeState) RemoveIntegration(_ context.Context, id string, version int64) error {
	if err := s.odd["RemoveIntegration"]; err != nil {
		return err
	}
	if s.integrations[id].Version != version {
		return vault.ErrStale
	}
	delete(s.integrations, id)
	return nil
}

func (s *fakeState) Credential(_ context.Context, id string) (vault.Credential, error) {
	return get(s.credentials, id)
}

func (s *fakeState) LockCredential(ctx context.Context, id string) (vault.Credential, error) {
	return s.Credential(ctx, id)
}

func (s *fakeState) CredentialNamed(_ context.Context, system, account string) (vault.Credential, error) {
	return named(s.credentials, system+"/"+account, credentialName)
}

func (s *fakeState) Credentials(_ context.Context, c vault.CredentialCriteria) (vault.Page[vault.Credential], error) {
	fits := func(v vault.Credential) bool {
		access := v.Access
		if access == "" && v.PolicyID != "" {
			access = s.policies[v.PolicyID].Access
		}
		isFor := c.For == "" || vault.Fold(v.System) == c.For || slices.ContainsFunc(v.Endpoints, func(e string) bool { return vault.Fold(e) == c.For })
		granted := c.Grants == nil || slices.ContainsFunc(c.Grants, func(p vault.Pattern) bool { return p.Covers(v.System, v.Account) })
		return isFor && granted && c.Match.Fits(v.Ref()) && (c.Kind == "" || c.Kind == v.Kind) && (c.Access == "" || c.Access == access)
	}
	return page(s.credentials, c.Paging, fits, func(v vault.Credential) string { return vault.Fold(v.Ref()) }, func(v vault.Credential) string { return v.ID }), nil
}

func (s *fakeState) AddCredential(_ context.Context, c vault.Credential) error {
	return add(s.credentials, c.ID, c.Ref(), c, credentialName)
}

func (s *fakeState) ChangeCredential(_ context.Context, c vault.Credential) error {
	if err := s.odd["ChangeCredential"]; err != nil {
		return err
	}
	return change(s.credentials, c.ID, c.Version, c, func(c *vault.Credential) *vault.Stamp { return &c.Stamp }, credentialName)
}

func (s *fakeState) RemoveCredential(_ context.Context, id string, version int64) error {
	if s.credentials[id].Version != version {
		return vault.ErrStale
	}
	for _, l := range s.leases {
		if l.CredentialID == id && l.State == vault.LeaseOpen {
			return vault.ErrInUse
		}
	}
	delete(s.credentials, id)
	delete(s.versions, id)
	return nil
}

func (s *fakeState) SecretVersion(_ context.Context, id string, number int64) (vault.SecretVersion, error) {
	for _, v := range s.versions[id] {
		if v.Number == number {
			return v, nil
		}
	}
	return vault.SecretVersion{}, vault.ErrAbsent
}

func (s *fakeState) SecretVersions(_ context.Context, id string) ([]vault.SecretVersion, error) {
	out := slices.Clone(s.versions[id])
	slices.Reverse(out)
	return out, nil
}

func (s *fakeState) AddSecretVersion(_ context.Context, v vault.SecretVersion) error {
	s.versions[v.CredentialID] = append(s.versions[v.CredentialID], v)
	return nil
}

func (s *fakeState) WrappedByOthers(_ context.Context, key string, limit int) ([]vault.SecretVersion, error) {
	var out []vault.SecretVersion
	for _, list := range s.versions {
		for _, v := range list {
			if v.WrappedBy != key && len(out) < limit {
				out = append(out, v)
			}
		}
	}
	return out, nil
}

func (s *fakeState) Rewrap(_ context.Context, v vault.SecretVersion, was string) error {
	for n, old := range s.versions[v.CredentialID] {
		if old.Number == v.Number && old.WrappedBy == was {
			s.versions[v.CredentialID][n].Wrapped, s.versions[v.CredentialID][n].WrappedBy = v.Wrapped, v.WrappedBy
			return nil
		}
	}
	return vault.ErrStale
}

func (s *fakeState) Wrappings(context.Context) ([]vault.Wrapping, error) {
	found := map[string]vault.Wrapping{}
	for _, list := range s.versions {
		for _, v := range list {
			w := found[v.WrappedBy]
			found[v.WrappedBy] = vault.Wrapping{KeyID: v.WrappedBy, Secrets: w.Secrets + 1, Records: w.Records}
		}
	}
	for _, k := range s.keys {
		w := found[k.WrappedBy]
		found[k.WrappedBy] = vault.Wrapping{KeyID: k.WrappedBy, Secrets: w.Secrets, Records: w.Records + 1}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b vault.Wrapping) int { return strings.Compare(a.KeyID, b.KeyID) }), nil
}

func (s *fakeState) Policy(_ context.Context, id string) (vault.Policy, error) {
	return get(s.policies, id)
}

func (s *fakeState) PolicyNamed(_ context.Context, name string) (vault.Policy, error) {
	return named(s.policies, name, policyName)
}

func (s *fakeState) Policies(_ context.Context, c vault.PolicyCriteria) (vault.Page[vault.Policy], error) {
	return page(s.policies, c.Paging, func(p vault.Policy) bool { return c.Name.Fits(p.Name) }, func(p vault.Policy) string { return vault.Fold(p.Name) }, func(p vault.Policy) string { return p.ID }), nil
}

func (s *fakeState) AddPolicy(_ context.Context, p vault.Policy) error {
	return add(s.policies, p.ID, p.Name, p, policyName)
}

func (s *fakeState) LockRules(context.Context) error { return nil }

func (s *fakeState) ChangePolicy(_ context.Context, p vault.Policy) error {
	return change(s.policies, p.ID, p.Version, p, func(p *vault.Policy) *vault.Stamp { return &p.Stamp }, policyName)
}

func (s *fakeState) RemovePolicy(_ context.Context, id string, version int64) error {
	if s.policies[id].Version != version {
		return vault.ErrStale
	}
	for _, c := range s.credentials {
		if c.PolicyID == id {
			return vault.ErrInUse
		}
	}
	delete(s.policies, id)
	return nil
}
