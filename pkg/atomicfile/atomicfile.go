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
	target := path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		target = real
	}
	if err := replace(target, data, perm); err != nil {
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

func tempName(target, id string) string {
	dir, base := filepath.Split(target)
	return filepath.Join(dir, "."+base+"."+id+".redim-tmp")
}

func slotName(target string, slot int) string { return tempName(target, strconv.Itoa(slot)) }

// fill writes data to f, which holds nothing yet, and waits for the disk.
func fill(f *os.File, data []byte) error {
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}
