package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// MakePrivateDir makes dir, and what is missing above it, for its owner only
// (mode 0700). One that is there already is closed to the group and others.
// The error is a *pam.Failure.
func MakePrivateDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return explain("make the directory "+dir, existing(dir), err)
		}
		return nil
	}
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(dir, info.Mode().Perm()&^fs.FileMode(0o077)); err != nil {
		return explain("close the directory "+dir+" to others", dir, err)
	}
	return nil
}

// existing is the nearest directory above dir that is there: the one to mend.
func existing(dir string) string {
	for up := filepath.Dir(dir); up != dir; dir, up = up, filepath.Dir(up) {
		if _, err := os.Stat(up); err == nil {
			return up
		}
	}
	return dir
}
