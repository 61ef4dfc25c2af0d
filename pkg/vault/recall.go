package vault

import (
	"context"
	"errors"
	"sync"

	"github.com/redim-tools/redim/pkg/pam"
)

// recall keeps some records that were read before, so that not every check-out
// or log-in reads again what seldom changes. What is decided on them is kept only if
// they are still of their edition: see Grounds and AddToken. Whoever gets a record
// shares it with others, and must not change it.
type recall[K comparable, T any] struct {
	most int // records are kept

	mu      sync.Mutex
	records map[K]*T
}

// of returns a record that is kept; if none is, or old ones are no use, it reads
// one and keeps it.
func (r *recall[K, T]) of(id K, use age, read func() (T, error)) (*T, error) {
	if use == anyAge {
		if kept := r.known(id); kept != nil {
			return kept, nil
		}
	}
	now, err := read()
	if err == nil {
		r.keep(id, &now)
	}
	return &now, err
}

// known returns a record that is kept, or nil.
func (r *recall[K, T]) known(id K) *T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records[id]
}

// keep keeps a record, in place of any other one when there are too many.
func (r *recall[K, T]) keep(id K, v *T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.records == nil {
		r.records = map[K]*T{}
	}
	if r.records[id] == nil && len(r.records) >= r.most {
		for other := range r.records {
			delete(r.records, other)
			break
		}
	}
	r.records[id] = v
}

func (r *recall[K, T]) forget(id K) {
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
	credentials  recall[place, present]
	policies     recall[string, Policy]
	integrations recall[string, Integration]
	called       recall[string, Integration] // by the folded names of those that signed in
	tokens       recall[TokenHash, Holding]
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

// place is where a credential is found: its folded names.
type place struct{ system, account string }

func placeOf(system, account string) place { return place{Fold(system), Fold(account)} }

// present reads a credential with its secret.
func (q *Session) present(ctx context.Context, c pam.Credential, use age) (*present, error) {
	return q.service.memory.credentials.of(placeOf(c.System, c.Account), use, func() (p present, err error) {
		p.Credential, p.secret, err = q.service.store.Present(ctx, c.System, c.Account)
		return p, found(err, "credential", c.System+"/"+c.Account, "credentials list")
	})
}

// integrationAt returns the integration whose edition in the store is this one
// now: what is kept when it is of that edition, else what is read. ErrAbsent when
// it is gone.
func (s *Service) integrationAt(ctx context.Context, id string, edition Edition) (Integration, error) {
	if i := s.memory.integrations.known(id); i != nil && i.Edition() == edition {
		return *i, nil
	}
	i, err := s.memory.integrations.of(id, fresh, func() (Integration, error) {
		return glance(ctx, s, func(ctx context.Context, r Reader) (Integration, error) { return r.Integration(ctx, id) })
	})
	return *i, err
}

// rules adds the rules that a check-out of the credential is decided by.
func (q *Session) rules(ctx context.Context, to *prepared, use age) (err error) {
	s, id := q.service, to.credential.PolicyID
	if id == "" {
		builtin := builtinPolicy()
		to.policy = &builtin
	} else {
		to.policy, err = s.memory.policies.of(id, use, func() (Policy, error) {
			return view(ctx, s, func(ctx context.Context, r Reader) (Policy, error) { return r.Policy(ctx, id) })
		})
		if err != nil {
			return found(err, "policy", id, "policies list")
		}
	}
	actor := q.ask.Actor.ID
	if q.ask.Actor.Kind != ActorIntegration {
		return nil
	}
	i, err := s.memory.integrations.of(actor, use, func() (Integration, error) {
		return view(ctx, s, func(ctx context.Context, r Reader) (Integration, error) { return r.Integration(ctx, actor) })
	})
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	to.integration = i
	return err
}

// forget makes the next check-out of a credential read everything anew.
func (q *Session) forget(c *Credential) {
	m := q.service.memory
	m.credentials.forget(placeOf(c.System, c.Account))
	m.policies.forget(c.PolicyID)
	m.integrations.forget(q.ask.Actor.ID)
}
