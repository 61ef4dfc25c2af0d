package atomicfile_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/redim-tools/redim/pkg/atomicfile"
)

func write(t *testing.T, path, data string, perm fs.FileMode) {
	t.Helper()
	if err := atomicfile.Write(path, []byte(data), perm); err != nil {
		t.Fatal(err)
	}
}

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Fatalf("%s holds %q (%v), want %q", path, got, err, want)
	}
}

func wantOnly(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		t.Fatalf("%s holds %v, want %v", dir, got, names)
	}
}

func TestWriteMakesAndReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	write(t, path, "a long first content", 0o600)
	write(t, path, "second", 0o600)
	wantFile(t, path, "second")
	if err := atomicfile.Replace(path, []byte("third"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, "third")
	wantOnly(t, dir, "f")
}

func TestWriteSetsTheMode(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return
	}
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("wide open"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, perm := range []fs.FileMode{0o600, 0o640, 0o666, 0o600} {
		write(t, path, "x", perm)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != perm {
			t.Fatalf("mode %v (%v), want %v", info.Mode(), err, perm)
		}
	}
}

func TestWriteFollowsASymbolicLink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	write(t, target, "old", 0o600)
	if err := os.Symlink("target", link); err != nil {
		t.Fatal(err)
	}
	write(t, link, "new", 0o600)
	wantFile(t, target, "new")
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Fatalf("the link is gone: %v %v", info, err)
	}
}

func TestReadersSeeOneWholeVersionWhileManyWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	write(t, path, string(bytes.Repeat([]byte{'a'}, 9000)), 0o600)
	errs := make(chan error)
	for w := range 20 {
		go func() {
			var err error
			for range 10 {
				if e := atomicfile.Write(path, bytes.Repeat([]byte{byte('a' + w)}, 9000), 0o600); e != nil {
					err = e
				}
				got, e := os.ReadFile(path)
				if e != nil || len(got) != 9000 || bytes.Count(got, got[:1]) != 9000 {
					err = fmt.Errorf("read %d bytes, %v", len(got), e)
				}
			}
			errs <- err
		}()
	}
	for range 20 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	wantOnly(t, dir, "f")
}

func TestIsTempKnowsItsOwnNamesOnly(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		".f.0.redim-tmp": true, ".settings.yaml.a7.redim-tmp": true,
		"f": false, "f.0.redim-tmp": false, ".f.tmp": false, ".f.0.redim-tmp.bak": false,
	} {
		if got := atomicfile.IsTemp(name); got != want {
			t.Errorf("IsTemp(%q) = %v", name, got)
		}
	}
}
