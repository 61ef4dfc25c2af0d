package vault

import (
	"context"
	"errors"
	"slices"

	"github.com/redim-tools/redim/pkg/audit"
)

// Skipped is one approval that was skipped.
type Skipped struct {
	audit.Record
	Stale bool // the permission that it went by holds no more, or has other words by now
}

// Skips lists the approvals that were skipped, the oldest first; of each page,
// those whose permission is stale come before the others.
func (s *Service) Skips(ctx context.Context, limit int, cursor string) (Page[Skipped], error) {
	c, err := EventCriteria{Kinds: []audit.Kind{audit.ApprovalSkipped}, OldestFirst: true, Paging: Paging{Limit: limit}}.normalise(cursor)
	if err != nil {
		return Page[Skipped]{}, err
	}
	return view(ctx, s, func(ctx context.Context, r Reader) (Page[Skipped], error) {
		page, err := r.Events(ctx, c)
		out := Page[Skipped]{Next: page.Next}
		seen := map[string]Skip{}
		for _, record := range page.Items {
			skip, err := skipOf(ctx, r, record.Event.IntegrationID, seen)
			if err != nil {
				return out, err
			}
			stale := !skip.Holds(s.now()) || skip.Justification != record.Event.Justification
			out.Items = append(out.Items, Skipped{Record: record, Stale: stale})
		}
		slices.SortStableFunc(out.Items, func(a, b Skipped) int {
			switch {
			case a.Stale == b.Stale:
				return 0
			case a.Stale:
				return -1
			}
			return 1
		})
		return out, err
	})
}

// skipOf is the permission that an integration has now; none when it is gone.
func skipOf(ctx context.Context, r IntegrationReader, id string, seen map[string]Skip) (Skip, error) {
	if skip, known := seen[id]; known {
		return skip, nil
	}
	i, err := r.Integration(ctx, id)
	if err != nil && !errors.Is(err, ErrAbsent) {
		return Skip{}, err
	}
	seen[id] = i.Skip
	return i.Skip, nil
}
