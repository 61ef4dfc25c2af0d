package secretfile

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/seal"
	"github.com/redim-tools/redim/pkg/secret"
)

const (
	lockWait = 10 * time.Second
	maxFile  = 1 << 20 // bytes
	maxName  = 255     // bytes
)

// associated is what the file is bound to, so that no other sealed file of
// redim can stand for it.
const associated = "redim secrets file 1"

// File is an encrypted file of secrets. It is safe for concurrent use, also by
// several processes.
type File struct {
	path string
	key  func(context.Context) (seal.Key, error)
}

// New names a file. Nothing is opened before the first call; the key is asked
// for only when there is something to open or to store.
func New(path string, key func(context.Context) (seal.Key, error)) *File {
	return &File{path: path, key: key}
}

// Path is where the file is.
func (f *File) Path() string { return f.path }

// Get returns a secret. ErrNotFound when there is none of that name.
func (f *File) Get(ctx context.Context, name string) (secret.Value, error) {
	all, err := f.read(ctx)
	if err != nil {
		return secret.Value{}, err
	}
	v, ok := all[name]
	if !ok {
		return secret.Value{}, f.notFound(name)
	}
	return v, nil
}

// Set stores a secret, replacing the one of that name, and returns when it is
// on disk.
func (f *File) Set(ctx context.Context, name string, v secret.Value) error {
	if err := checkName(name); err != nil {
		return err
	}
	return f.change(ctx, func(all secrets) error {
		all[name] = v
		return nil
	})
}

// Delete removes a secret. ErrNotFound when there is none of that name.
func (f *File) Delete(ctx context.Context, name string) error {
	return f.change(ctx, func(all secrets) error {
		if _, ok := all[name]; !ok {
			return f.notFound(name)
		}
		delete(all, name)
		return nil
	})
}

// Names lists the names in order.
func (f *File) Names(ctx context.Context) ([]string, error) {
	all, err := f.read(ctx)
	return slices.Sorted(maps.Keys(all)), err
}

// change reads, changes and writes while no other process does.
func (f *File) change(ctx context.Context, edit func(secrets) error) error {
	if err := atomicfile.MakePrivateDir(filepath.Dir(f.path)); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	release, err := atomicfile.Lock(waiting, f.path+".lock")
	if err != nil {
		return f.busy(ctx, err)
	}
	defer release()
	all, err := f.read(ctx)
	if err != nil {
		return err
	}
	if err := edit(all); err != nil {
		return err
	}
	return f.write(ctx, all)
}

func (f *File) read(ctx context.Context) (secrets, error) {
	data, err := f.load()
	if errors.Is(err, fs.ErrNotExist) {
		return secrets{}, nil
	}
	if err != nil {
		return nil, pam.Failf(pam.ErrOther, "can not read the secrets file: %w", err).
			WithHint("look at %s with ls -l; the user who runs this must own it", f.path)
	}
	key, err := f.key(ctx)
	if err != nil {
		return nil, err
	}
	plain, err := key.Open(data, []byte(associated))
	if err != nil {
		return nil, f.sealed(err)
	}
	defer clear(plain)
	all, ok := decode(plain)
	if !ok {
		return nil, f.sealed(seal.ErrVersion)
	}
	return all, nil
}

func (f *File) load() ([]byte, error) {
	file, err := atomicfile.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxFile))
}

func (f *File) write(ctx context.Context, all secrets) error {
	key, err := f.key(ctx)
	if err != nil {
		return err
	}
	plain := all.encode()
	defer clear(plain)
	data, err := key.Seal(plain, []byte(associated))
	if err != nil {
		return err
	}
	if len(data) > maxFile {
		return pam.Failf(pam.ErrUsage, "the secrets file %s would be longer than 1 MiB", f.path).WithHint("remove secrets that are no longer used")
	}
	return atomicfile.Write(f.path, data, 0o600)
}
