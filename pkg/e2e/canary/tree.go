package canary

import (
	"io/fs"
	"os"
)

// Tree searches all regular files below dir, and the names of everything in it.
// A file that allowed accepts is left out. Paths are relative to dir, with
// slashes.
func Tree(dir string, allowed func(path string, data []byte) bool) ([]Hit, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	var hits []Hit
	err = fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if found := Find([]byte(path)); found != "" {
			hits = append(hits, Hit{"the name of " + path, found})
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		data, err := root.ReadFile(path)
		if err != nil {
			return err
		}
		if found := Find(data); found != "" && !allowed(path, data) {
			hits = append(hits, Hit{path, found})
		}
		return nil
	})
	sortHits(hits)
	return hits, err
}
