package child

import "golang.org/x/sys/unix"

// isMemory reports whether a directory is kept in memory.
func isMemory(dir string) bool {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return false
	}
	return s.Type == unix.TMPFS_MAGIC || s.Type == unix.RAMFS_MAGIC
}
