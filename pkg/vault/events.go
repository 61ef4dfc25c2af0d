package vault

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// Events searches the record of events. An integration is named by its id, or
// by a name that it had then. An empty cursor begins, and Next of a page goes on.
func (s *Service) Events(ctx context.Context, c EventCriteria, cursor string) (Page[audit.Record], error) {
	if isID(c.Integration) {
		c.IntegrationID, c.Integration = c.Integration, ""
	}
	c, err := c.normalise(cursor)
	if err != nil {
		return Page[audit.Record]{}, err
	}
	return view(ctx, s, func(ctx context.Context, r Reader) (Page[audit.Record], error) { return r.Events(ctx, c) })
}

// Released finds the check-outs that released this very value.
func (s *Service) Released(ctx context.Context, v secret.Value, cursor string) (Page[audit.Record], error) {
	if v.IsEmpty() {
		return Page[audit.Record]{}, pam.Failf(pam.ErrUsage, "the value is empty").WithHint("give the value whose release is looked for")
	}
	return s.Events(ctx, EventCriteria{Released: s.redactor().Hash(v)}, cursor)
}

// PublicKey is the key that checkpoints are checked with, also elsewhere.
func (s *Service) PublicKey() ed25519.PublicKey { return slices.Clone(s.ring.public) }

// Checkpoints lists all checkpoints, oldest first, to be kept elsewhere.
func (s *Service) Checkpoints(ctx context.Context) ([]audit.Checkpoint, error) {
	return view(ctx, s, func(ctx context.Context, r Reader) ([]audit.Checkpoint, error) {
		var out []audit.Checkpoint
		for c, err := range r.Checkpoints(ctx) {
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		return out, nil
	})
}

// verifying bounds a look at all records, which takes some seconds for each hundred
// thousand check-outs.
const verifying = 6 * time.Hour

// Verify checks every record, the ends of all chains and every checkpoint. The
// failure wraps the *audit.BrokenError that names the first broken record.
func (s *Service) Verify(ctx context.Context) (audit.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, verifying)
	defer cancel()
	report, err := view(ctx, s, func(ctx context.Context, r Reader) (audit.Report, error) {
		heads, err := r.Heads(ctx)
		if err != nil {
			return audit.Report{}, err
		}
		marks, err := s.genuine(ctx, r, heads)
		if err != nil {
			return audit.Report{}, err
		}
		return audit.Verifier{Heads: slices.Concat([]audit.Head{}, heads), Checkpoints: marks}.Verify(r.Records(ctx))
	})
	if broken, ok := errors.AsType[*audit.BrokenError](err); ok {
		return report, pam.Failf(pam.ErrOther, "the record of events is not as it was written: %w", broken).
			WithHint("compare with an export or a backup; who can write to the database outside of the vault?")
	}
	return report, err
}

// genuine checks that the heads and the checkpoints are ours.
func (s *Service) genuine(ctx context.Context, r EventReader, heads []audit.Head) ([]audit.Checkpoint, error) {
	for _, h := range heads {
		sealed := false
		_ = s.ring.hash.Reveal(func(key []byte) error { sealed = h.Sealed(key); return nil })
		if !sealed {
			return nil, &audit.BrokenError{Chain: h.Chain, Seq: h.Seq, Problem: "the end of its chain was changed"}
		}
	}
	var out []audit.Checkpoint
	for c, err := range r.Checkpoints(ctx) {
		if err != nil {
			return nil, err
		}
		if !c.Signed(s.ring.public) {
			return nil, pam.Failf(pam.ErrOther, "the checkpoint of %s has a wrong signature", timeOrNone(c.Time)).WithHint("compare with an export or a backup")
		}
		out = append(out, c)
	}
	return out, nil
}

// late is how much later than its time an event may be kept: another writer's
// unit began before ours and ended after it.
const late = 5 * time.Second

// Export writes the events that fit, oldest first, one a line. With follow, it
// goes on with new ones at every tick, until ctx ends or follow is closed.
func (s *Service) Export(ctx context.Context, c EventCriteria, out io.Writer, line audit.Line, follow <-chan time.Time) error {
	c.OldestFirst = true
	if c.Limit == 0 {
		c.Limit = MaxPage
	}
	seen := map[audit.Hash]time.Time{}
	for {
		newest, err := s.exportPages(ctx, c, out, line, seen)
		if err != nil || follow == nil {
			return err
		}
		if since := newest.Add(-late); since.After(c.Since) {
			c.Since = since
		}
		forget(seen, c.Since)
		select {
		case <-ctx.Done():
			return nil
		case _, more := <-follow:
			if !more {
				return nil
			}
		}
	}
}

// exportPages writes what is not seen yet, and returns the newest time.
func (s *Service) exportPages(ctx context.Context, c EventCriteria, out io.Writer, line audit.Line, seen map[audit.Hash]time.Time) (time.Time, error) {
	newest := c.Since
	for cursor := ""; ; {
		page, err := s.Events(ctx, c, cursor)
		if err != nil {
			return newest, err
		}
		for _, r := range page.Items {
			if r.Event.Time.After(newest) {
				newest = r.Event.Time
			}
			if _, again := seen[r.Hash]; again {
				continue
			}
			if r.Event.Time.After(newest.Add(-late)) {
				seen[r.Hash] = r.Event.Time
			}
			text, err := line(r)
			if err != nil {
				return newest, err
			}
			if _, err := fmt.Fprintf(out, "%s\n", text); err != nil {
				return newest, err
			}
		}
		if cursor = page.Next; cursor == "" {
			return newest, nil
		}
		forget(seen, newest.Add(-late))
	}
}

func forget(seen map[audit.Hash]time.Time, before time.Time) {
	for hash, at := range seen {
		if at.Before(before) {
			delete(seen, hash)
		}
	}
}
