package tokencache

import (
	"os"
	"path/filepath"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
)

const (
	tidyEvery = 24 * time.Hour
	forgotten = 7 * 24 * time.Hour // no token lives that long
	stampName = "tidied"
)

// tidy removes, once a day, what nobody has used for a week: tokens of people
// who left, lock files, what killed processes left. It runs after a log-in, so
// that a look-up never pays for it. Ages are those of the file system.
func (s *Store) tidy() {
	stamp := filepath.Join(s.o.Dir, stampName)
	if info, err := os.Stat(stamp); err == nil && time.Since(info.ModTime()) < tidyEvery {
		return
	}
	if os.WriteFile(stamp, nil, 0o600) != nil || os.Chtimes(stamp, time.Time{}, time.Now()) != nil {
		return
	}
	names, _ := s.names()
	for _, name := range names {
		if info, err := os.Stat(s.path(name)); err == nil && time.Since(info.ModTime()) > forgotten {
			_ = os.Remove(s.path(name))
		}
	}
	atomicfile.Sweep(s.tokens())
	atomicfile.SweepLocks(s.locks(), forgotten)
}
