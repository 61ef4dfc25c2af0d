package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// slots is how many writers of one file find a temporary name of their own
// without waiting for each other.
const slots = 8

// Write makes data the content of the file at path, which has the permissions
// perm afterwards, and returns when that is on disk. A symbolic link is
// followed, so that the file it points to is replaced. The directory must
// exist. Any number of processes may write and read at once.
//
// What a killed writer left behind is removed by the next writer of the same
// file. On an error, a *pam.Failure, the old content is untouched.
func Write(path string, data []byte, perm fs.FileMode) error {
	return write(path, data, perm, durable)
}

// Replace is Write without the wait for the disk, for what can be had again:
// readers and killed writers see no difference, but after a power cut the file
// may hold anything. It takes microseconds where Write takes milliseconds.
func Replace(path string, data []byte, perm fs.FileMode) error {
	return write(path, data, perm, volatile)
}

// durability says whether a writer waits for the disk.
type durability bool

const (
	durable  durability = true
	volatile durability = false
)

func write(path string, data []byte, perm fs.FileMode, d durability) error {
	target := path
	if followed, err := filepath.EvalSymlinks(path); err == nil {
		target = followed
	}
	if info, err := os.Stat(target); err == nil && info.Mode()&fs.ModeDevice != 0 { // /dev/null is not ours to replace
		return failure(path, notRegular(path))
	}
	if err := replace(target, data, perm, d); err != nil {
		return failure(path, err)
	}
	return nil
}

// IsTemp reports whether a file name is one that this package gives to files
// being written.
func IsTemp(name string) bool {
	ok, _ := filepath.Match(".*.[0-9a-f]*.redim-tmp", name)
	return ok
}

// Sweep removes what killed writers left in dir, whichever file they wrote. It
// leaves files that are being written alone.
func Sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if IsTemp(entry.Name()) {
			abandon(filepath.Join(dir, entry.Name()))
		}
	}
}

func tempName(target, id string) string {
	dir, base := filepath.Split(target)
	return filepath.Join(dir, "."+base+"."+id+".redim-tmp")
}

func slotName(target string, slot int) string { return tempName(target, strconv.Itoa(slot)) }

// fill writes data to f, which holds nothing yet.
func fill(f *os.File, data []byte, d durability) error {
	if _, err := f.Write(data); err != nil || d == volatile {
		return err
	}
	return f.Sync()
}
