package dialectcache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
)

const (
	folder   = "dialects"
	head     = "redim dialect 1\n"
	maxFile  = 64
	lockWait = 15 * time.Second
	unused   = 180 * 24 * time.Hour // a file that nobody has written for so long is removed
)

// Store is the memory of one profile. It is safe for concurrent use, by any
// number of processes.
type Store struct {
	dir, path string
	now       func() time.Time
}

// Open makes a Store below a cache directory; without one it remembers nothing.
// Nothing on disk is touched. A fingerprint stands for the settings that the
// dialect belongs to.
func Open(cacheDir, fingerprint string, now func() time.Time) *Store {
	s := &Store{now: now}
	if cacheDir == "" {
		return s
	}
	sum := sha256.Sum256([]byte("redim dialect of " + fingerprint))
	s.dir = filepath.Join(cacheDir, folder)
	s.path = filepath.Join(s.dir, hex.EncodeToString(sum[:16]))
	return s
}

// Recall returns the name that Remember was told last; empty when there is none,
// or the file is not what Remember writes.
func (s *Store) Recall() string {
	f, err := atomicfile.Open(s.path)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	name, ok := strings.CutPrefix(string(data), head)
	name, whole := strings.CutSuffix(name, "\n")
	if err != nil || !ok || !whole || len(data) > maxFile {
		return ""
	}
	return name
}

// Remember keeps a name; an empty one forgets. What can't be kept is not: it
// costs a request the next time.
func (s *Store) Remember(name string) {
	if s.dir == "" {
		return
	}
	if name == "" {
		_ = os.Remove(s.path)
		return
	}
	if atomicfile.MakePrivateDir(s.dir) == nil && atomicfile.Replace(s.path, []byte(head+name+"\n"), 0o600) == nil {
		s.tidy()
	}
}

// Clear forgets what is remembered for all settings, and returns for how many that
// was; with dry it only counts. Files of other names are left alone.
func (s *Store) Clear(dry bool) int {
	if s.dir == "" {
		return 0
	}
	entries, _ := os.ReadDir(s.dir)
	n := 0
	for _, e := range entries {
		sum, err := hex.DecodeString(e.Name())
		if err != nil || len(sum) != sha256.Size/2 {
			continue
		}
		if dry || os.Remove(filepath.Join(s.dir, e.Name())) == nil {
			n++
		}
	}
	return n
}

// tidy removes what belongs to settings that nobody has any more.
func (s *Store) tidy() {
	entries, _ := os.ReadDir(s.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && s.now().Sub(info.ModTime()) > unused {
			_ = os.Remove(filepath.Join(s.dir, e.Name()))
		}
	}
}

// Lock keeps other processes from finding out the same at the same time. Where
// that is impossible, or another one takes longer than 15 s, it does without.
func (s *Store) Lock(ctx context.Context) (release func()) {
	nothing := func() {}
	if s.dir == "" || atomicfile.MakePrivateDir(s.dir) != nil {
		return nothing
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	release, err := atomicfile.Lock(ctx, s.path+".lock")
	if err != nil {
		return nothing
	}
	return release
}
