package vault

import (
	"context"
	"errors"
	"sync"

	"github.com/redim-tools/redim/pkg/pam"
)

// recall keeps some records that were read before, so that not every check-out
// or log-in reads again what seldom changes. What is decided on them is kept only if
// they are still of their edition: see Grounds and AddToken.
type recall[T any] struct {
	most int // records are kept

	mu      sync.Mutex
	records map[string]*T
}

// of returns a record that is kept; if none is, or old ones are no use, it reads
// one and keeps it.
func (r *recall[T]) of(id string, use age, read func() (T, error)) (T, error) {
	if kept, ok := r.known(id, func(*T) bool { return use == anyAge }); ok {
		return kept, nil
	}
	now, err := read()
	if err == nil {
		r.keep(id, &now)
	}
	return now, err
}

// known returns a record that is kept, when it fits.
func (r *recall[T]) known(id string, fits func(*T) bool) (T, bool) {
	r.mu.Lock()
	kept, ok := r.records[id]
	r.mu.Unlock()
	if !ok || !fits(kept) {
		var none T
		return none, false
	}
	return *kept, true
}

// keep keeps a record, in place of any other one when there are too many.
func (r *recall[T]) keep(id string, v *T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.records == nil {
		r.records = map[string]*T{}
	}
	if r.records[id] == nil && len(r.records) >= r.most {
		for other := range r.records {
			delete(r.records, other)
			break
		}
	}
	r.records[id] = v
}

func (r *recall[T]) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.records, id)
}

// age says which records a check-out may be decided by.
type age int

const (
	anyAge age = iota // what is recalled too
	fresh             // what is read now
)

// memory is what a service recalls. No secret in it is open.
type memory struct {
	credentials  recall[present]
	policies     recall[Policy]
	integrations recall[Integration]
	called       recall[Integration] // by the folded names of those that signed in
	tokens       recall[Holding]
}

// newMemory bounds what is recalled to about 14 MiB.
func newMemory() *memory {
	m := &memory{}
	m.credentials.most, m.policies.most, m.integrations.most, m.called.most, m.tokens.most = 12288, 1024, 2048, 2048, 4096
	return m
}

// present is a credential and its present secret, still sealed.
type present struct {
	Credential
	secret SecretVersion
}

// present reads a credential with its secret.
func (q *Session) present(ctx context.Context, c pam.Credential, use age) (present, error) {
	return q.service.memory.credentials.of(recallKey(c.System, c.Account), use, func() (p present, err error) {
		p.Credential, p.secret, err = q.service.store.Present(ctx, c.System, c.Account)
		return p, found(err, "credential", c.System+"/"+c.Account, "credentials list")
	})
}

// integrationAt returns the integration whose edition in the store is this one
// now: what is kept when it is of that edition, else what is read. ErrAbsent when
// it is gone.
func (s *Service) integrationAt(ctx context.Context, id string, edition Edition) (Integration, error) {
	i, ok := s.memory.integrations.known(id, func(i *Integration) bool { return i.Edition() == edition })
	if ok {
		return i, nil
	}
	return s.memory.integrations.of(id, fresh, func() (Integration, error) {
		return glance(ctx, s, func(ctx context.Context, r Reader) (Integration, error) { return r.Integration(ctx, id) })
	})
}

func recallKey(system, account string) string { return Fold(system) + "\x00" + Fold(account) }

// rules adds the rules that a check-out of the credential is decided by.
func (q *Session) rules(ctx context.Context, to *prepared, use age) (err error) {
	s, id := q.service, to.credential.PolicyID
	if to.policy = builtinPolicy(); id != "" {
		to.policy, err = s.memory.policies.of(id, use, func() (Policy, error) {
			return view(ctx, s, func(ctx context.Context, r Reader) (Policy, error) { return r.Policy(ctx, id) })
		})
		if err != nil {
			return found(err, "policy", id, "policies list")
		}
	}
	if id = q.ask.Actor.ID; q.ask.Actor.Kind != ActorIntegration {
		return nil
	}
	i, err := s.memory.integrations.of(id, use, func() (Integration, error) {
		return view(ctx, s, func(ctx context.Context, r Reader) (Integration, error) { return r.Integration(ctx, id) })
	})
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	to.integration = &i
	return err
}

// forget makes the next check-out of a credential read everything anew.
func (q *Session) forget(c Credential) {
	m := q.service.memory
	m.credentials.forget(recallKey(c.System, c.Account))
	m.policies.forget(c.PolicyID)
	m.integrations.forget(q.ask.Actor.ID)
}
