package child

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/secret"
)

func TestFilesAreTheirOwnersAndGoAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f, _, err := NewFiles([]string{"", filepath.Join(dir, "absent")}, dir)
	if err != nil {
		t.Fatal(err)
	}
	path, err := f.Add("PASSWORD", secret.FromString("c4nary-1"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != "c4nary-1" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := f.Add("PASSWORD", secret.FromString("c4nary-2")); err == nil {
		t.Error("a file was written over")
	}
	for at, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(at); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", at, info.Mode(), err)
		}
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	isEmpty(t, dir)
}

func isEmpty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestThereAreNoFilesWithoutAPlace(t *testing.T) {
	t.Parallel()
	if _, _, err := NewFiles(nil, filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("files in a place that is not there")
	}
}

// TestWhatAKilledProcessLeftIsRemoved makes what one leaves: a directory that
// nobody holds.
func TestWhatAKilledProcessLeftIsRemoved(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("directories can't be locked here")
	}
	dir := t.TempDir()
	living, _, err := NewFiles(nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, usedPrefix+"left")
	if err := os.MkdirAll(filepath.Join(left, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	unfinished := filepath.Join(dir, freshPrefix+"left")
	if err := errors.Join(os.Mkdir(unfinished, 0o700), os.Chtimes(unfinished, time.Time{}, time.Now().Add(-2*freshFor))); err != nil {
		t.Fatal(err)
	}
	making := filepath.Join(dir, freshPrefix+"making")
	if err := os.Mkdir(making, 0o700); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "of-somebody-else")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	f, _, err := NewFiles(nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("it is still there")
	}
	if _, err := living.Add("X", secret.FromString("x")); err != nil {
		t.Errorf("a living one has lost its place: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := living.Close(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(os.Remove(other), os.Remove(making)); err != nil {
		t.Error(err)
	}
	isEmpty(t, dir)
}
