package tokencache

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
)

// ClearRequest says which tokens to remove: those that meet every condition
// given. The zero ClearRequest removes everything, also what can't be read.
type ClearRequest struct {
	User    pam.Identity // exactly this one, but for case; the zero Identity is any
	Profile string       // empty is any
	Expired bool         // only those that are no longer used
	DryRun  bool         // remove nothing
}

// Removed is a token that was removed. The token itself is for signing it out
// at the service, and only if Entry.Current says it belongs there.
type Removed struct {
	Entry
	Token pam.Token
}

// Cleared is what Clear removed, or would remove.
type Cleared struct {
	Removed    []Removed // by profile, then identity
	Unreadable int
}

func (q ClearRequest) everything() bool {
	return q.User == pam.Identity{} && q.Profile == "" && !q.Expired
}

func (q ClearRequest) meets(f file, e Entry) bool {
	switch {
	case q.everything():
		return true
	case f.err != nil:
		return false
	case q.User != pam.Identity{} && !q.User.Equal(e.Identity), q.Profile != "" && q.Profile != e.Profile:
		return false
	}
	return !q.Expired || e.Expired
}

// Clear removes tokens, safely beside processes that use and store them. On an
// error it tells what was removed before.
func (s *Store) Clear(ctx context.Context, q ClearRequest) (Cleared, error) {
	var c Cleared
	var failed error
	err := s.walkAnyway(ctx, q, func(key seal.Key, name string) {
		f, gone, err := s.clearOne(ctx, key, name, q)
		failed = errors.Join(failed, err)
		switch {
		case !gone:
		case f.err != nil:
			c.Unreadable++
		case f.kind == kindToken:
			c.Removed = append(c.Removed, Removed{Entry: s.describe(f.record), Token: f.token})
		}
	})
	if !q.DryRun && s.o.Dir != "" {
		atomicfile.Sweep(s.tokens())
		atomicfile.SweepLocks(s.locks(), 0)
	}
	slices.SortFunc(c.Removed, func(a, b Removed) int { return compareEntries(a.Entry, b.Entry) })
	return c, errors.Join(err, failed)
}

// walkAnyway visits every file. Everything can be removed without the key.
func (s *Store) walkAnyway(ctx context.Context, q ClearRequest, visit func(seal.Key, string)) error {
	names, err := s.names()
	if err != nil || len(names) == 0 {
		return err
	}
	key, err := s.o.Key(ctx)
	if err != nil && !q.everything() {
		return err
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return pam.Failf(pam.ErrInterrupted, "interrupted while clearing the token cache: %w", context.Cause(ctx))
		}
		visit(key, name)
	}
	return nil
}

// clearOne removes a file that meets the request. It looks again under the
// identity's lock, so that a token stored meanwhile is judged by itself.
func (s *Store) clearOne(ctx context.Context, key seal.Key, name string, q ClearRequest) (file, bool, error) {
	f, meets := s.judge(key, name, q)
	if !meets || q.DryRun {
		return f, meets, nil
	}
	waiting, cancel := context.WithTimeout(ctx, s.clearWait)
	defer cancel()
	if release, err := atomicfile.Lock(waiting, filepath.Join(s.locks(), name)); err == nil {
		defer release()
		if f, meets = s.judge(key, name, q); !meets {
			return f, false, nil
		}
	}
	err := os.Remove(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return f, false, nil
	}
	if err != nil {
		return f, false, pam.Failf(pam.ErrOther, "can not remove a cached token: %w", err).
			WithHint("make %s writable for the user who runs this (ls -ld %s)", s.tokens(), s.tokens())
	}
	return f, true, nil
}

func (s *Store) judge(key seal.Key, name string, q ClearRequest) (file, bool) {
	f := s.file(key, name)
	return f, !errors.Is(f.err, fs.ErrNotExist) && q.meets(f, s.describe(f.record))
}
