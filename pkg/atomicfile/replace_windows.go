package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
)

const nonblock = 0 // no file is a pipe here

const (
	patience = 5 * time.Second // for readers that hold the file open
	lifetime = time.Hour       // the age at which a temporary file is nobody's
)

func replace(target string, data []byte, perm fs.FileMode, d durability) error {
	sweep(target)
	f, err := os.OpenFile(tempName(target, randomID()), os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f, data, d), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	if err := move(f.Name(), target); err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return nil
}

// move replaces target. An open file can not be replaced here, so a reader
// makes the writer wait.
func move(from, to string) error {
	src, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	dst, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		err := windows.MoveFileEx(src, dst, windows.MOVEFILE_REPLACE_EXISTING|windows.MOVEFILE_WRITE_THROUGH)
		busy := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !busy || time.Now().After(deadline) {
			return err
		}
	}
}

// sweep removes old leftovers of target.
func sweep(target string) {
	names, _ := filepath.Glob(tempName(target, "*"))
	for _, name := range names {
		abandon(name)
	}
}

// abandon removes a temporary file that is old. One that is still open stays:
// the system refuses to remove it.
func abandon(name string) {
	if info, err := os.Lstat(name); err == nil && time.Since(info.ModTime()) > lifetime {
		_ = os.Remove(name)
	}
}

func randomID() string {
	const digits = "0123456789abcdef"
	var b [16]byte
	_, _ = rand.Read(b[:])
	for i := range b {
		b[i] = digits[b[i]%16]
	}
	return string(b[:])
}

func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

func isReadOnly(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }
