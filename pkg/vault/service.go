package vault

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
)

// Options are what a Service is made of.
type Options struct {
	Store    Store
	Keys     Keys
	Clock    func() time.Time
	NewID    func() string // nil: NewID
	Rotators map[string]Rotator

	Upstreams Upstreams     // of credentials that are kept elsewhere; nil: none
	TokenLife time.Duration // 0: TokenLife
	Slow      Gate          // in front of slow hashes; nil: none
}

// Service holds the use cases. It is safe for concurrent use.
type Service struct {
	store    Store
	ring     *ring
	clock    func() time.Time
	newID    func() string
	rotators map[string]Rotator

	upstreams Upstreams
	tokenLife time.Duration
	slow      Gate
	decoy     []byte // salt of the hash that a name costs that there is not
	refused   *refused
	memory    *memory
}

// Open makes a Service over a store. A store without keys gets new ones; a
// store whose master key can't be had is refused, and nothing is written.
func Open(ctx context.Context, o Options) (*Service, error) {
	s := &Service{store: o.Store, clock: o.Clock, newID: o.NewID, rotators: o.Rotators, upstreams: o.Upstreams, tokenLife: cmp.Or(o.TokenLife, TokenLife), slow: o.Slow, decoy: newSalt(), refused: &refused{}, memory: newMemory()}
	if s.newID == nil {
		s.newID = NewID
	}
	if s.slow == nil {
		s.slow = noGate{}
	}
	s.ring = &ring{source: o.Keys, keys: map[string]Key{}}
	return s, s.openRing(ctx)
}

// NewID makes the id of a record: a UUID of version 7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

func (s *Service) now() time.Time { return audit.Rounded(s.clock()) }

func (s *Service) stamp(a Actor) Stamp { return stampOf(a, s.now()) }

func stampOf(a Actor, now time.Time) Stamp {
	return Stamp{Version: 1, Created: now, CreatedBy: a.Name, Changed: now, ChangedBy: a.Name}
}

// touch is the stamp of a record that a changes now; the store adds one to its version.
func (s *Service) touch(was Stamp, a Actor) Stamp {
	was.Changed, was.ChangedBy = s.now(), a.Name
	return was
}

// record adds events to the chain that the unit is to go on with.
func (s *Service) record(ctx context.Context, tx EventWriter, events ...audit.Event) error {
	head, err := tx.Head(ctx)
	if err != nil {
		return err
	}
	records := make([]audit.Record, len(events))
	for n, e := range events {
		records[n], head = head.Link(e)
	}
	return tx.AddRecords(ctx, records, s.seal(head))
}

// seal closes the end of a chain with our own key.
func (s *Service) seal(h audit.Head) audit.Head {
	_ = s.ring.hash.Reveal(func(key []byte) error { h = h.Seal(key); return nil })
	return h
}

// event begins an event of now.
func (s *Service) event(kind audit.Kind, a Actor) audit.Event { return eventAt(kind, &a, s.now()) }

func eventAt(kind audit.Kind, a *Actor, now time.Time) audit.Event {
	e := audit.Event{Time: now, Kind: kind, Actor: a.Name, Address: a.Address, Call: a.Call}
	if a.Kind == ActorIntegration {
		e.IntegrationID, e.Integration = a.ID, a.Name
	}
	return e
}

func (s *Service) redactor() audit.Redactor { return s.ring.redact }

// view reads one thing from one consistent state.
func view[T any](ctx context.Context, s *Service, read func(context.Context, Reader) (T, error)) (out T, err error) {
	err = s.store.View(ctx, func(ctx context.Context, r Reader) (err error) {
		out, err = read(ctx, r)
		return err
	})
	return out, err
}

// glance asks one short question.
func glance[T any](ctx context.Context, s *Service, read func(context.Context, Reader) (T, error)) (out T, err error) {
	err = s.store.Glance(ctx, func(ctx context.Context, r Reader) (err error) {
		out, err = read(ctx, r)
		return err
	})
	return out, err
}

// found puts the absence of a row into words.
func found(err error, what, ref, list string) error {
	if errors.Is(err, ErrAbsent) {
		return pam.Failf(pam.ErrNotFound, "there is no %s %q", what, ref).WithHint("list what there is with: %s", list)
	}
	return err
}

// collect reads all pages, at most limit items.
func collect[T any](limit int, page func(Cursor) (Page[T], error)) ([]T, error) {
	var out []T
	for after := (Cursor{}); ; {
		p, err := page(after)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Items...)
		if p.Next == "" || len(out) >= limit {
			return out, nil
		}
		if after, err = ParseCursor(p.Next, after.Digest); err != nil {
			return nil, err
		}
	}
}
