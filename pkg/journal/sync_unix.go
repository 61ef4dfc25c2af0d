//go:build unix

package journal

import "os"

// syncDir makes the new file's name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return unavailable(err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Sync(); err != nil {
		return unavailable(err)
	}
	return nil
}
