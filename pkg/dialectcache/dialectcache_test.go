package dialectcache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWhatIsRememberedIsRecalledByItsSettingsAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, other := Open(dir, "one", time.Now), Open(dir, "other", time.Now)
	if name := one.Recall(); name != "" {
		t.Errorf("recalled %q before anything", name)
	}
	one.Remember("json-v1")
	other.Remember("rest")
	if a, b := Open(dir, "one", time.Now).Recall(), other.Recall(); a != "json-v1" || b != "rest" {
		t.Errorf("recalled %q and %q", a, b)
	}
	one.Remember("")
	one.Remember("")
	if a, b := one.Recall(), other.Recall(); a != "" || b != "rest" {
		t.Errorf("after forgetting: %q and %q", a, b)
	}
}

func TestFilesAreForTheOwnerOnlyAndNameNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	Open(dir, "https://pam.example.com svc-redim", time.Now).Remember("rest")
	folder, err := os.Stat(filepath.Join(dir, "dialects"))
	if err != nil || folder.Mode().Perm() != 0o700 {
		t.Fatalf("the folder is %v, %v", folder, err)
	}
	files, _ := os.ReadDir(filepath.Join(dir, "dialects"))
	info, err := files[0].Info()
	if len(files) != 1 || err != nil || info.Mode().Perm() != 0o600 || len(info.Name()) != 32 || strings.Trim(info.Name(), "0123456789abcdef") != "" {
		t.Errorf("the files are %v, %v", files, err)
	}
}

func TestAFileThatIsNotOursIsNothing(t *testing.T) {
	t.Parallel()
	s := Open(t.TempDir(), "one", time.Now)
	s.Remember("rest")
	for _, text := range []string{"", "rest\n", head, head + "rest", head + strings.Repeat("x", 100) + "\n", "redim dialect 2\nrest\n", strings.Repeat("x", 1<<20)} {
		if err := os.WriteFile(s.path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if name := s.Recall(); name != "" {
			t.Errorf("%.40q is recalled as %q", text, name)
		}
	}
	s.Remember("json-v2")
	if name := s.Recall(); name != "json-v2" {
		t.Errorf("recalled %q", name)
	}
}

func TestWithoutAPlaceNothingIsRemembered(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file} {
		s := Open(dir, "one", time.Now)
		s.Remember("rest")
		s.Remember("")
		s.Lock(t.Context())()
		if name := s.Recall(); name != "" {
			t.Errorf("in %q: recalled %q", dir, name)
		}
	}
}

func TestWhatNobodyHasWrittenForLongIsRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	old := Open(dir, "old", func() time.Time { return now })
	old.Remember("rest")
	now = now.Add(unused + time.Hour)
	if err := os.Chtimes(old.path, time.Time{}, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	Open(dir, "new", func() time.Time { return now }).Remember("rest")
	if old.Recall() != "rest" {
		t.Error("a file of an hour is gone")
	}
	now = now.Add(unused)
	Open(dir, "newer", func() time.Time { return now }).Remember("rest")
	if old.Recall() != "" {
		t.Error("a file of half a year is there")
	}
}

func TestOneAtATimeHoldsTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wg sync.WaitGroup
	var inside atomic.Int32
	for range 20 {
		wg.Go(func() {
			release := Open(dir, "one", time.Now).Lock(t.Context())
			defer release()
			if n := inside.Add(1); n != 1 {
				t.Errorf("%d hold it", n)
			}
			inside.Add(-1)
		})
	}
	wg.Wait()
	hold := Open(dir, "one", time.Now).Lock(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	Open(dir, "one", time.Now).Lock(ctx)() // gives up, and does without
	hold()
	if _, err := os.Stat(Open(dir, "one", time.Now).path + ".lock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock file is left: %v", err)
	}
}

func TestAllAreForgottenAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := Open(dir, "a", time.Now), Open(dir, "b", time.Now)
	a.Remember("rest")
	b.Remember("json-v1")
	foreign := filepath.Join(dir, "dialects", "notes.txt")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := a.Clear(true); n != 2 || a.Recall() != "rest" {
		t.Errorf("%d, %q", n, a.Recall())
	}
	if n := a.Clear(false); n != 2 || a.Recall()+b.Recall() != "" {
		t.Errorf("%d, %q, %q", n, a.Recall(), b.Recall())
	}
	if _, err := os.Stat(foreign); err != nil || a.Clear(false) != 0 || Open("", "a", time.Now).Clear(false) != 0 {
		t.Error(err)
	}
}
