package atomicfile

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/redim-tools/redim/pkg/pam"
)

// failure says what went wrong with path in words that lead to the cure.
func failure(path string, err error) error {
	return explain("write "+path, filepath.Dir(path), err)
}

// explain names the act that failed and how to make dir fit for it.
func explain(act, dir string, err error) error {
	f := pam.Failf(pam.ErrOther, "can not %s: %w", act, cause(err))
	switch {
	case isFull(err):
		return f.WithHint("free some space there (df -h %s) or raise the quota; the old content was kept", dir)
	case isReadOnly(err):
		return f.WithHint("%s is on a read-only file system; choose another place with REDIM_CONFIG, REDIM_STATE_DIR or REDIM_CACHE_DIR", dir)
	case errors.Is(err, fs.ErrPermission):
		return f.WithHint("make %s writable for the user who runs this (ls -ld %s), or choose another place with REDIM_CONFIG, REDIM_STATE_DIR or REDIM_CACHE_DIR", dir, dir)
	case errors.Is(err, fs.ErrNotExist):
		return f.WithHint("create the directory first: mkdir -p -m 700 %s", dir)
	}
	return f.WithHint("look at %s with ls -ld; the old content was kept", dir)
}

// cause strips the names of temporary files, which mean nothing to the reader.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
