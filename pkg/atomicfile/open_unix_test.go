//go:build !windows

package atomicfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/redim-tools/redim/pkg/atomicfile"
)

func TestPipesAndDevicesAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, link, file := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), filepath.Join(dir, "file")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Symlink(pipe, link), os.WriteFile(file, []byte("x"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link, os.DevNull} {
		for _, flag := range []int{os.O_RDONLY, os.O_WRONLY | os.O_APPEND | os.O_CREATE, os.O_RDWR} {
			if f, err := atomicfile.OpenFile(path, flag, 0o600); !errors.Is(err, atomicfile.ErrNotRegular) {
				t.Errorf("%s, %d: %v, %v", path, flag, f, err)
			}
		}
	}
	if err := atomicfile.Write(link, []byte("x"), 0o600); err != nil {
		t.Errorf("a pipe is in the way: %v", err)
	}
	f, err := atomicfile.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := atomicfile.Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	made, err := atomicfile.OpenFile(filepath.Join(dir, "new"), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Close(); err != nil {
		t.Error(err)
	}
}

func TestDevicesAreNotReplaced(t *testing.T) {
	t.Parallel()
	null := filepath.Join(t.TempDir(), "null")
	if err := syscall.Mknod(null, syscall.S_IFCHR|0o600, 1<<8|3); err != nil {
		null = "/dev/tty" // without the right to make a device there is none to replace either
	}
	if err := atomicfile.Write(null, nil, 0o600); !errors.Is(err, atomicfile.ErrNotRegular) {
		t.Errorf("a device is replaced: %v", err)
	}
}
