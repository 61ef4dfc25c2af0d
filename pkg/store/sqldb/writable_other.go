//go:build !unix

package sqldb

import "os"

// writable looks at the mark of files that are only to be read.
func writable(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().Perm()&0o200 != 0
}
