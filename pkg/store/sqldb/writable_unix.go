//go:build unix

package sqldb

import "golang.org/x/sys/unix"

// writable asks the system, which knows of modes, of file systems that are
// mounted for reading and of files that are made immutable.
func writable(path string) bool { return unix.Access(path, unix.W_OK) == nil }
