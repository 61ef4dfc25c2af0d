//go:build !windows

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// nonblock has an open of a pipe not wait for its other end.
const nonblock = syscall.O_NONBLOCK

// patience is how long a writer waits when all slots are in use.
const patience = 5 * time.Second

func replace(target string, data []byte, perm fs.FileMode, d durability) error {
	f, err := acquire(target, perm)
	if err != nil {
		return err
	}
	defer f.Close() // the lock ends here, after the rename
	if err := errors.Join(f.Chmod(perm), fill(f, data, d)); err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	if err := os.Rename(f.Name(), target); err != nil {
		_ = os.Remove(f.Name())
		return cause(linkCause(err))
	}
	sweep(target)
	if d == volatile {
		return nil
	}
	return syncDir(filepath.Dir(target))
}

// acquire returns an empty temporary file that no one else writes to. The
// kernel drops the lock on it with the process, so the file of a killed writer
// is simply taken over.
func acquire(target string, perm fs.FileMode) (*os.File, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		f, err := takeAny(target, perm)
		if err == nil {
			return f, empty(f)
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, errors.New("too many processes write it at once")
		}
	}
}

// empty drops what a killed writer wrote. Cutting a file that is empty already
// would make some file systems flush it.
func empty(f *os.File) error {
	if info, err := f.Stat(); err == nil && info.Size() == 0 {
		return nil
	}
	return f.Truncate(0)
}

// takeAny tries every slot. A slot that is another user's, or a trap, does not
// stop it; EWOULDBLOCK means that it pays to try again.
func takeAny(target string, perm fs.FileMode) (*os.File, error) {
	var errs error
	for slot := range slots {
		f, err := take(slotName(target, slot), os.O_CREATE, perm)
		if err == nil {
			return f, nil
		}
		errs = errors.Join(errs, err)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.ELOOP) {
			return nil, err
		}
	}
	return nil, errs
}

// take opens and locks a temporary file. EWOULDBLOCK means that it is, or just
// was, someone else's.
func take(name string, flag int, perm fs.FileMode) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOFOLLOW|flag, perm)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), ours(f, name)); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// ours refuses a file that was renamed or removed between open and lock, and
// one that somebody planted under a name that can be foreseen.
func ours(f *os.File, name string) error {
	held, err := f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(name)
	if err != nil || !os.SameFile(held, named) {
		return syscall.EWOULDBLOCK
	}
	st, ok := held.Sys().(*syscall.Stat_t)
	if !held.Mode().IsRegular() || !ok || st.Nlink != 1 || int(st.Uid) != os.Geteuid() {
		return fs.ErrPermission
	}
	return nil
}

// sweep removes what killed writers of target left in the other slots.
func sweep(target string) {
	for slot := range slots {
		abandon(slotName(target, slot))
	}
}

// abandon removes a temporary file unless its writer lives.
func abandon(name string) {
	if f, err := take(name, 0, 0); err == nil {
		_ = os.Remove(name)
		_ = f.Close()
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

func linkCause(err error) error {
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }
