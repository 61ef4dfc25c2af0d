//go:build !linux

package child

// isMemory reports whether a directory is kept in memory; none is here.
func isMemory(string) bool { return false }
