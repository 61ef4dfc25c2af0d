package seal_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/redim-tools/redim/pkg/seal"
)

func TestATurnedFileHoldsANewKeyAndLeavesTheOldOneBeside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := seal.TurnFile(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a file that is not there was turned: %v", err)
	}
	old := key(t, parse(t, "file:"+path, seal.Env{Name: "master.key"}))
	fresh, err := seal.TurnFile(t.Context(), path)
	if err != nil || fresh.Equal(old) {
		t.Fatalf("%v", err)
	}
	for at, want := range map[string]seal.Key{path: fresh, seal.Retired(path, old.ID()): old} {
		got, err := seal.OpenFile(at)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: %v", at, err)
		}
		info, err := os.Stat(at)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", at, info.Mode(), err)
		}
	}
	if _, err := seal.OpenFile(path + ".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
