package atomicfile

import (
	"errors"
	"io/fs"
	"os"
)

// ErrNotRegular is that a pipe or a device is where a file should be.
var ErrNotRegular = errors.New("this is a pipe or a device, not a file")

// Open opens a file for reading, as OpenFile does.
func Open(path string) (*os.File, error) { return OpenFile(path, os.O_RDONLY, 0) }

// OpenFile is that of the package os, but for what is neither a file nor a
// directory: that is ErrNotRegular at once, where the other would wait for
// somebody at the far end of a pipe.
func OpenFile(path string, flag int, perm fs.FileMode) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !isFile(info) {
		return nil, notRegular(path)
	}
	f, err := os.OpenFile(path, flag|nonblock, perm)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && !isFile(info) { // it has taken the file's place since
		_ = f.Close()
		return nil, notRegular(path)
	}
	return f, nil
}

func isFile(info fs.FileInfo) bool { return info.Mode().IsRegular() || info.IsDir() }

func notRegular(path string) error {
	return &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
}
