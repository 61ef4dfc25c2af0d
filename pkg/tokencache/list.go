package tokencache

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
)

// Entry describes a cached token without giving it away.
type Entry struct {
	Identity pam.Identity
	Profile  string
	Current  bool      // it belongs to the settings of this Store
	Stored   time.Time // when it was obtained
	Expires  time.Time // when it ends, by our clock
	Expired  bool      // it is no longer used
}

// Listing is what the cache holds, over all profiles.
type Listing struct {
	Entries    []Entry // by profile, then identity
	Unreadable int     // files of another key, cut or changed
}

// List opens every file of the cache.
func (s *Store) List(ctx context.Context) (Listing, error) {
	var l Listing
	err := s.walk(ctx, func(f file) {
		switch {
		case f.err != nil:
			l.Unreadable++
		case f.kind == kindToken:
			l.Entries = append(l.Entries, s.describe(f.record))
		}
	})
	slices.SortFunc(l.Entries, compareEntries)
	return l, err
}

func compareEntries(a, b Entry) int {
	return cmp.Or(
		cmp.Compare(a.Profile, b.Profile),
		cmp.Compare(strings.ToLower(a.Identity.String()), strings.ToLower(b.Identity.String())),
		a.Stored.Compare(b.Stored),
	)
}

func (s *Store) describe(r record) Entry {
	return Entry{
		Identity: r.identity, Profile: r.profile, Current: r.fingerprint == s.o.Fingerprint,
		Stored: r.stored, Expires: r.limit(s.o.TTL), Expired: !r.live(s.o.Now(), s.o.TTL, s.o.Margin),
	}
}

// file is one file of the cache, opened or not.
type file struct {
	name string
	record
	err error // why it could not be opened
}

// walk opens all files, one after the other. The key is asked only when there
// is one, so that looking into an empty cache makes none.
func (s *Store) walk(ctx context.Context, visit func(file)) error {
	names, err := s.names()
	if err != nil || len(names) == 0 {
		return err
	}
	key, err := s.o.Key(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if ctx.Err() != nil {
			return pam.Failf(pam.ErrInterrupted, "interrupted in the token cache: %w", context.Cause(ctx))
		}
		if f := s.file(key, name); !errors.Is(f.err, fs.ErrNotExist) {
			visit(f)
		}
	}
	return nil
}

func (s *Store) file(key seal.Key, name string) file {
	r, err := s.open(key, name)
	return file{name: name, record: r, err: err}
}

func (s *Store) names() ([]string, error) {
	if s.o.Dir == "" {
		return nil, noDir()
	}
	entries, err := os.ReadDir(s.tokens())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, pam.Failf(pam.ErrOther, "can not read the token cache: %w", err).WithHint("look at %s with ls -ld; the user who runs this must own it", s.tokens())
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) && !atomicfile.IsTemp(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
