package canary

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Tree searches all regular files below dir, and the names of everything in it.
// A file that allowed accepts is left out. Paths are relative to dir, with
// slashes.
func Tree(dir string, allowed func(path string, data []byte) bool) ([]Hit, error) {
	var hits []Hit
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if found := Find([]byte(rel)); found != "" {
			hits = append(hits, Hit{"the name of " + rel, found})
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if found := Find(data); found != "" && !allowed(rel, data) {
			hits = append(hits, Hit{rel, found})
		}
		return nil
	})
	sortHits(hits)
	return hits, err
}
