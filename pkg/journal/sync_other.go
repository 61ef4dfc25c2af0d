//go:build !unix

package journal

// syncDir does nothing: the system has no way to sync a directory.
func syncDir(string) error { return nil }
