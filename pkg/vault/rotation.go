package vault

import (
	"context"
	"errors"

	"github.com/redim-tools/redim/pkg/audit"
)

// KeyStatus tells which master key wraps what.
type KeyStatus struct {
	Master    string     // id of the key that everything new is wrapped with
	Wrappings []Wrapping // in the order of the key ids
	Begun     string     // id of the key that a rotation which did not end replaces; empty: none
}

// KeyStatus reads it.
func (s *Service) KeyStatus(ctx context.Context) (KeyStatus, error) {
	return view(ctx, s, func(ctx context.Context, r Reader) (KeyStatus, error) {
		master, err := r.KeyRecord(ctx, KeyMaster)
		if err != nil {
			return KeyStatus{}, err
		}
		wrappings, err := r.Wrappings(ctx)
		if err != nil {
			return KeyStatus{}, err
		}
		begun, err := begun(ctx, r, master.WrappedBy)
		return KeyStatus{Master: master.WrappedBy, Wrappings: wrappings, Begun: begun}, err
	})
}

// begun finds the key that a rotation to this one replaces and that has not
// ended, by its two events.
func begun(ctx context.Context, r EventReader, to string) (string, error) {
	page, err := r.Events(ctx, EventCriteria{Kinds: []audit.Kind{audit.KeyRotated}, Paging: Paging{Limit: MaxPage}})
	from := ""
	for _, record := range page.Items {
		for _, c := range record.Event.Changes {
			switch {
			case c.New != to:
			case record.Event.Outcome == audit.OutcomeDone:
				return "", err
			default:
				from = c.Old
			}
		}
	}
	return from, err
}

// Rotation is what a rotation of the master key did.
type Rotation struct {
	From      string // id of the master key before; To when it had begun earlier
	To        string
	Rewrapped int // secret versions
}

// RotateKey makes the current key of Keys the master key, and wraps everything
// by it. Check-outs go on meanwhile. Once it has returned without an error,
// the old key opens nothing of this store, not even what is left of it in free
// places of its files. Interrupted, it is run again, and
// goes on where it was. Progress is told after every batch; nil: nobody.
func (s *Service) RotateKey(ctx context.Context, a Actor, progress func(rewrapped int)) (Rotation, error) {
	to, err := s.ring.source.Current(ctx)
	if err != nil {
		return Rotation{}, err
	}
	done := Rotation{To: to.ID()}
	if done.From, err = s.turnKey(ctx, a, to); err != nil {
		return done, err
	}
	for {
		n, err := s.rewrapBatch(ctx, to)
		if err != nil {
			return done, err
		}
		done.Rewrapped += n
		if n == 0 {
			break
		}
		if progress != nil {
			progress(done.Rewrapped)
		}
	}
	return done, s.endRotation(ctx, a, to)
}

// endRotation removes what the old key could still open, and writes down that
// the rotation has ended; nothing when none had begun.
func (s *Service) endRotation(ctx context.Context, a Actor, to Key) error {
	status, err := s.KeyStatus(ctx)
	if err != nil || status.Begun == "" {
		return err
	}
	if err := s.store.Scrub(ctx); err != nil {
		return err
	}
	e := s.event(audit.KeyRotated, a)
	e.Outcome, e.Changes = audit.OutcomeDone, []audit.Change{{Field: "master key", Old: status.Begun, New: to.ID()}}
	return s.store.Update(ctx, func(ctx context.Context, tx Tx) error { return s.record(ctx, tx, e) })
}

// turnKey wraps the store's own keys by to, and has everything new wrapped by
// it from then on. It returns the id of the key before.
func (s *Service) turnKey(ctx context.Context, a Actor, to Key) (string, error) {
	records, err := view(ctx, s, func(ctx context.Context, r Reader) ([]KeyRecord, error) { return r.KeyRecords(ctx) })
	if err != nil {
		return "", err
	}
	from := to.ID()
	turned := make([]KeyRecord, len(records))
	for n, k := range records {
		if k.Name == KeyMaster {
			from = k.WrappedBy
		}
		if turned[n], err = s.ring.turn(ctx, k, to); err != nil {
			return from, err
		}
	}
	if from == to.ID() {
		return from, nil
	}
	err = s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		for _, k := range turned {
			if err := tx.ChangeKeyRecord(ctx, k); err != nil {
				return changedMeanwhile(err, "key", k.Name)
			}
		}
		e := s.event(audit.KeyRotated, a)
		e.Changes = []audit.Change{{Field: "master key", Old: from, New: to.ID()}}
		return s.record(ctx, tx, e)
	})
	return from, err
}

func (r *ring) turn(ctx context.Context, k KeyRecord, to Key) (KeyRecord, error) {
	v, err := r.unwrap(ctx, k)
	if err != nil {
		return k, err
	}
	defer v.Wipe()
	err = v.Reveal(func(content []byte) (err error) {
		k, err = k.wrap(to, content)
		return err
	})
	return k, err
}

// rewrapBatch wraps some of what other keys wrap, and returns how many.
func (s *Service) rewrapBatch(ctx context.Context, to Key) (int, error) {
	found, err := view(ctx, s, func(ctx context.Context, r Reader) ([]SecretVersion, error) {
		return r.WrappedByOthers(ctx, to.ID(), batch)
	})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	turned := make([]SecretVersion, len(found))
	for n, v := range found {
		from, err := s.ring.find(ctx, v.WrappedBy)
		if err != nil {
			return 0, err
		}
		if turned[n], err = rewrap(from, to, v); err != nil {
			return 0, err
		}
	}
	return len(found), s.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		for n, v := range turned {
			if err := tx.Rewrap(ctx, v, found[n].WrappedBy); err != nil && !errors.Is(err, ErrStale) {
				return err
			}
		}
		return nil
	})
}
