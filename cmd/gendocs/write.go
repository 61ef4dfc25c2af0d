package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// write puts the files below root and removes from the generated directories
// what is not generated any more.
func write(root string, files output) error {
	stale, err := leftOver(root, files)
	if err != nil {
		return err
	}
	for _, name := range stale {
		if err := os.Remove(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	for name, text := range files {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil { //nolint:gosec // documentation that everybody may read
			return err
		}
		if err := os.WriteFile(full, text, 0o644); err != nil { //nolint:gosec // documentation that everybody may read
			return err
		}
	}
	return nil
}

// leftOver are the files in generated directories that are not in files.
func leftOver(root string, files output) ([]string, error) {
	var stale []string
	for _, dir := range []string{completions, reference, manual} {
		entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, entry := range entries {
			name := path.Join(dir, entry.Name())
			if _, generated := files[name]; !generated {
				stale = append(stale, name)
			}
		}
	}
	return stale, nil
}
