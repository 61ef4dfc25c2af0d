package seal

import (
	"context"

	"github.com/redim-tools/redim/pkg/atomicfile"
)

// Retired is where TurnFile leaves the key with this id.
func Retired(path, id string) string { return path + "." + id }

// TurnFile puts a new key into the key file at path, and returns it. The old one
// stays beside it, see Retired: it is written before the new one, so that at
// every moment both that were ever in the file can be read.
func TurnFile(ctx context.Context, path string) (Key, error) {
	var fresh Key
	err := locked(ctx, path, func() error {
		old, err := fileKey{path: path}.read()
		if err != nil {
			return err
		}
		if err := writeKey(Retired(path, old.ID()), old); err != nil {
			return err
		}
		fresh = GenerateKey()
		return writeKey(path, fresh)
	})
	return fresh, err
}

// OpenFile reads the key file at path, and never makes one: an error that wraps
// fs.ErrNotExist tells that there is none.
func OpenFile(path string) (Key, error) { return fileKey{path: path}.read() }

func writeKey(path string, key Key) error {
	line := key.text()
	defer clear(line)
	return atomicfile.Write(path, line, 0o600)
}
