package tokencache

import (
	"context"
	"os"
	"path/filepath"

	"github.com/redim-tools/redim/pkg/atomicfile"
)

// Status is what can be said about the cache as a whole.
type Status struct {
	Dir        string
	Live       int // tokens that would be used
	Expired    int
	Unreadable int
	Bytes      int64
	Err        error // why tokens can't be kept; nil when they can
}

// Status looks at the cache and tries whether it can be written to. The state
// of the key is the key source's to tell.
func (s *Store) Status(ctx context.Context) Status {
	st := Status{Dir: s.o.Dir}
	st.Err = s.walk(ctx, func(f file) {
		switch {
		case f.err != nil:
			st.Unreadable++
		case f.kind != kindToken:
		case s.describe(f.record).Expired:
			st.Expired++
		default:
			st.Live++
		}
		if info, err := os.Stat(s.path(f.name)); err == nil {
			st.Bytes += info.Size()
		}
	})
	if st.Err == nil {
		st.Err = s.probe(ctx)
	}
	return st
}

// probe writes a file as long as a token's and takes a lock that nobody else
// wants: a full disk shows only when something is written.
func (s *Store) probe(ctx context.Context) error {
	for _, dir := range []string{s.tokens(), s.locks()} {
		if err := atomicfile.MakePrivateDir(dir); err != nil {
			return err
		}
	}
	release, err := atomicfile.Lock(ctx, filepath.Join(s.locks(), "status"))
	if err != nil {
		return err
	}
	defer release()
	path := filepath.Join(s.tokens(), "probe")
	defer func() { _ = os.Remove(path) }()
	return atomicfile.Replace(path, make([]byte, 512), 0o600)
}
