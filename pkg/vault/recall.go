package vault

import (
	"context"
	"errors"
	"sync"
)

// recall keeps some records that were read before, so that not every check-out
// reads again what seldom changes. What is decided on them is kept only if they
// are still at their version: see Grounds.
type recall[T any] struct {
	mu      sync.Mutex
	records map[string]T
}

// recalled is how many records are kept at most.
const recalled = 1000

// of returns a record that is kept, or reads it.
func (r *recall[T]) of(id string, read func() (T, error)) (T, error) {
	r.mu.Lock()
	kept, ok := r.records[id]
	r.mu.Unlock()
	if ok {
		return kept, nil
	}
	fresh, err := read()
	if err != nil {
		return fresh, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.records == nil || len(r.records) >= recalled {
		r.records = map[string]T{}
	}
	r.records[id] = fresh
	return fresh, nil
}

func (r *recall[T]) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.records, id)
}

// rules are the records that a service recalls.
type rules struct {
	policies     recall[Policy]
	integrations recall[Integration]
}

// rules adds the rules that a check-out of the credential is decided by.
func (q *Session) rules(ctx context.Context, to *prepared) (err error) {
	s, id := q.service, to.credential.PolicyID
	if to.policy = builtinPolicy(); id != "" {
		to.policy, err = s.rules.policies.of(id, func() (Policy, error) {
			return view(ctx, s, func(ctx context.Context, r Reader) (Policy, error) { return r.Policy(ctx, id) })
		})
		if err != nil {
			return found(err, "policy", id, "policies list")
		}
	}
	if q.ask.Actor.Kind != ActorIntegration {
		return nil
	}
	i, err := s.rules.integrations.of(q.ask.Actor.ID, func() (Integration, error) {
		return view(ctx, s, func(ctx context.Context, r Reader) (Integration, error) { return r.Integration(ctx, q.ask.Actor.ID) })
	})
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	to.integration = &i
	return err
}

// forgetRules makes the next check-out read the rules anew.
func (q *Session) forgetRules(c Credential) {
	q.service.rules.policies.forget(c.PolicyID)
	q.service.rules.integrations.forget(q.ask.Actor.ID)
}
