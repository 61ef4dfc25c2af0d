package atomicfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is how often a waiter asks again.
const lockPoll = 2 * time.Millisecond

// Lock waits until no other process and no other goroutine holds the lock that
// the file at path stands for, and takes it. release gives it back and removes
// the file. The system frees the lock of a killed process; its file is used,
// and removed, by the next holder.
//
// The error wraps that of ctx when waiting was given up, and is a *pam.Failure
// when the file can't be made. The directory must exist. Locking what one holds
// already waits for ever, or until ctx ends.
func Lock(ctx context.Context, path string) (release func(), err error) {
	l, err := acquireLock(ctx, path)
	return func() { removeAndUnlock(l, path) }, err
}

// LockAndKeep is Lock, but release leaves the file: for locks that are taken
// often. SweepLocks removes such files in the end.
func LockAndKeep(ctx context.Context, path string) (release func(), err error) {
	l, err := acquireLock(ctx, path)
	return func() { _ = l.Unlock() }, err
}

// TryLock is Lock for who does not wait: got is false when someone else holds
// it. release, which is nil then, also removes the file.
func TryLock(path string) (release func(), got bool, err error) {
	for {
		l := flock.New(path, flock.SetPermissions(0o600))
		if got, err = l.TryLock(); err != nil {
			return nil, false, failure(path, err)
		}
		if !got {
			return nil, false, nil
		}
		if current(l, path) {
			return func() { removeAndUnlock(l, path) }, true, nil
		}
		_ = l.Unlock()
	}
}

func acquireLock(ctx context.Context, path string) (*flock.Flock, error) {
	for {
		l := flock.New(path, flock.SetPermissions(0o600))
		if _, err := l.TryLockContext(ctx, lockPoll); err != nil {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("wait for the lock %s: %w", path, ctx.Err())
			}
			return nil, failure(path, err)
		}
		if current(l, path) {
			return l, nil
		}
		_ = l.Unlock()
	}
}

// current reports whether the locked file still is the one at path: the last
// holder may have removed it between our opening and our locking it.
func current(l *flock.Flock, path string) bool {
	held, err := l.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(held, named)
}

// removeAndUnlock removes the file while the lock is held; Windows removes no open file,
// so there it goes afterwards, unless a waiter has opened it.
func removeAndUnlock(l *flock.Flock, path string) {
	if runtime.GOOS != "windows" {
		_ = os.Remove(path)
	}
	_ = l.Unlock()
	if runtime.GOOS == "windows" {
		_ = os.Remove(path)
	}
}

// SweepLocks removes the lock files in dir that nobody holds and that are at
// least that old.
func SweepLocks(dir string, age time.Duration) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) >= age {
			sweepLock(filepath.Join(dir, entry.Name()))
		}
	}
}

func sweepLock(path string) {
	l := flock.New(path, flock.SetPermissions(0o600))
	if got, err := l.TryLock(); !got || err != nil {
		return
	}
	if current(l, path) {
		removeAndUnlock(l, path)
		return
	}
	_ = l.Unlock()
}
