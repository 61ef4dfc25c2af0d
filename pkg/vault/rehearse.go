package vault

import (
	"context"
	"errors"
)

// Rehearse returns a Service over the same store that does everything but keep
// it: each unit runs as it would, and is undone. What it answers is what would
// come of it; ids that it gives are of records that are not there afterwards. A
// secret that its check-out returns was released to nobody: it must be wiped,
// and shown to nobody.
func (s *Service) Rehearse() *Service {
	r := *s
	r.store, r.refused = rehearsal{s.store}, &refused{}
	return &r
}

// rehearsal is a store that undoes every unit.
type rehearsal struct{ Store }

// Update runs work, and keeps nothing.
func (r rehearsal) Update(ctx context.Context, work func(context.Context, Tx) error) error {
	err := r.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := work(ctx, tx); err != nil {
			return err
		}
		return errPlanOnly
	})
	if errors.Is(err, errPlanOnly) {
		return nil
	}
	return err
}

// rehearses reports whether nothing is kept, so that nobody else may be asked
// for anything either.
func (s *Service) rehearses() bool {
	_, ok := s.store.(rehearsal)
	return ok
}

// Issue keeps nothing: it sends the caller the long way, which Update undoes.
func (r rehearsal) Issue(context.Context, Issue) error { return ErrStale }
