package child

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

// Files are secrets in files that only their owner can read, in a directory of
// their own. Close removes them. Those of a process that was killed are removed
// when the next one makes some, or by RemoveLeft.
type Files struct {
	dir  string
	hold *os.File // keeps others from removing the directory; nil where that can't be
}

// The names of the directories: of one that is being made, and of one in use.
const (
	freshPrefix = ".redim-exec-"
	usedPrefix  = "redim-exec-"
)

// freshFor is how long a directory is being made at most.
const freshFor = time.Hour

// NewFiles makes the directory in the first of dirs that is in memory, else in
// fallback.
func NewFiles(dirs []string, fallback string) (files *Files, inMemory bool, err error) {
	for _, dir := range dirs {
		if dir == "" || !isMemory(dir) {
			continue
		}
		if files, err := newFiles(dir); err == nil {
			return files, true, nil
		}
	}
	files, err = newFiles(fallback)
	return files, err == nil && isMemory(fallback), err
}

func newFiles(in string) (*Files, error) {
	sweep(in)
	fresh, err := os.MkdirTemp(in, freshPrefix)
	if err != nil {
		return nil, err
	}
	hold, err := holdDir(fresh)
	if err != nil {
		return nil, errors.Join(err, os.Remove(fresh))
	}
	used := filepath.Join(in, usedPrefix+strings.TrimPrefix(filepath.Base(fresh), freshPrefix))
	if err := os.Rename(fresh, used); err != nil {
		return nil, errors.Join(err, release(hold), os.Remove(fresh))
	}
	return &Files{dir: used, hold: hold}, nil
}

// Add writes a secret to a new file and returns its path.
func (f *Files) Add(name string, v secret.Value) (string, error) {
	path := filepath.Join(f.dir, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	err = v.Reveal(func(b []byte) error {
		_, err := file.Write(b)
		return err
	})
	return path, errors.Join(err, file.Close())
}

// Close removes the files. It does no harm to call it twice.
func (f *Files) Close() error {
	if err := os.RemoveAll(f.dir); err != nil {
		return fmt.Errorf("the files in %s are still there: %w", f.dir, err)
	}
	hold := f.hold
	f.hold = nil
	return release(hold)
}

func release(hold *os.File) error {
	if hold == nil {
		return nil
	}
	return hold.Close()
}

// RemoveLeft removes what processes that were killed have left in any of dirs.
func RemoveLeft(dirs ...string) {
	for _, dir := range dirs {
		if dir != "" {
			sweep(dir)
		}
	}
}

// sweep removes what processes have left that were killed.
func sweep(in string) {
	entries, _ := os.ReadDir(in)
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.IsDir() || !isOwn(info) {
			continue
		}
		dir := filepath.Join(in, entry.Name())
		if strings.HasPrefix(entry.Name(), freshPrefix) && time.Since(info.ModTime()) > freshFor {
			_ = os.Remove(dir) // it is empty
		}
		if !strings.HasPrefix(entry.Name(), usedPrefix) {
			continue
		}
		if hold, err := holdDir(dir); err == nil {
			_ = os.RemoveAll(dir)
			_ = release(hold)
		}
	}
}
