package seal

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// ErrNoPlace is wrapped by the failure to make the default key file. It is for
// those who can do without a key: nobody chose that place.
var ErrNoPlace = errors.New("there is no place for a key")

const (
	keyName  = "key"
	lockWait = 10 * time.Second
	maxKey   = 4096 // bytes of a key file
)

// fileKey keeps the key in a file that only its owner can read.
type fileKey struct {
	path     string
	explicit bool // somebody chose the path
}

func newFileKey(env Env) fileKey {
	if env.Dir == "" {
		return fileKey{}
	}
	return fileKey{path: filepath.Join(env.Dir, env.name())}
}

func explicitFileKey(path string, env Env) (fileKey, error) {
	return fileKey{path: path, explicit: true}, env.absolute(path)
}

func (f fileKey) open(ctx context.Context) (Key, error) {
	if f.path == "" {
		return Key{}, noPlace(pam.Failf(pam.ErrOther, "no place for the key file: there is no state directory").
			WithHint("set HOME or REDIM_STATE_DIR, or choose a key file with cache.key: file:PATH"))
	}
	key, err := f.read()
	_, blocked := errors.AsType[*fs.PathError](err)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = f.make(ctx)
		blocked = err != nil && !errors.Is(err, pam.ErrInterrupted)
	}
	if blocked && !f.explicit {
		return Key{}, noPlace(err)
	}
	return key, err
}

// read returns an error that wraps fs.ErrNotExist when there is no key yet.
func (f fileKey) read() (Key, error) {
	data, err := readPrivate(f.path)
	if err != nil {
		return Key{}, err
	}
	defer clear(data)
	key, ok := parseKey(data)
	if !ok {
		return Key{}, pam.Failf(pam.ErrUsage, "%s holds no key", f.path).WithHint(keyHint)
	}
	return key, nil
}

// make lets one process make the key while the others wait and then read it.
func (f fileKey) make(ctx context.Context) (Key, error) {
	if !f.explicit {
		if err := atomicfile.MakePrivateDir(filepath.Dir(f.path)); err != nil {
			return Key{}, err
		}
	}
	var key Key
	err := locked(ctx, f.path, func() (err error) {
		if key, err = f.read(); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		key = GenerateKey()
		return writeKey(f.path, key)
	})
	return key, err
}

func (f fileKey) status(context.Context) Status {
	s := Status{Source: "file", Path: f.path, Opened: "read from the key file at every command"}
	if f.explicit {
		s.Source = "file:" + f.path
	}
	if f.path == "" {
		_, s.Err = f.open(context.Background())
		return s
	}
	_, err := f.read()
	s.Made = err == nil
	if !errors.Is(err, fs.ErrNotExist) {
		s.Err = err
	}
	return s
}

// locked runs do while no other process makes what is at path.
func locked(ctx context.Context, path string, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	release, err := atomicfile.Lock(ctx, path+".lock")
	if err != nil {
		return busy(path, err)
	}
	defer release()
	return do()
}

func busy(path string, err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return pam.Failf(pam.ErrOther, "another redim has been busy with %s for too long: %w", path, err).
			WithHint("look for a stopped redim process, end it, and try again")
	case errors.Is(err, context.Canceled):
		return pam.Failf(pam.ErrInterrupted, "interrupted while waiting for %s: %w", path, err)
	}
	return err
}

func noPlace(err error) error {
	f := &pam.Failure{Class: pam.ErrOther, Message: err.Error(), Err: errors.Join(ErrNoPlace, err)}
	if cause, ok := errors.AsType[*pam.Failure](err); ok {
		f.Class, f.Hint = cause.Class, cause.Hint
	}
	return f
}

// readPrivate reads a short file that must be closed to the group and others.
func readPrivate(path string) ([]byte, error) {
	f, err := atomicfile.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if secret.Loose(info) {
		return nil, pam.Failf(pam.ErrUsage, "%s can be read by others (mode %04o)", path, info.Mode().Perm()).
			WithHint("close it with: chmod 600 %s; if others may have read it, remove it and sign in anew", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKey))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return data, nil
}

func unreadable(path string, err error) error {
	return pam.Failf(pam.ErrOther, "can not read the key: %w", err).
		WithHint("look at %s with ls -l; the user who runs this must own it", path)
}
