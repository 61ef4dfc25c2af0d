//go:build !windows

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

func TestTheNextWriterRemovesWhatAKilledOneLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for slot := range slots {
		if err := os.WriteFile(slotName(path, slot), []byte("half a fi"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(path, []byte("whole"), 0o600); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("left over: %v %v", entries, err)
	}
	if got, _ := os.ReadFile(path); string(got) != "whole" {
		t.Fatalf("content %q", got)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v", info.Mode())
	}
}

func TestAWriterLeavesALiveWriterAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	other, err := take(slotName(path, 0), os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := fill(other, []byte("being written"), durable); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(other.Name()); string(got) != "being written" {
		t.Fatalf("the other's file holds %q, %v", got, err)
	}
}

func TestSweepRemovesWhatNobodyHolds(t *testing.T) {
	t.Parallel()
	dir, locks := t.TempDir(), t.TempDir()
	live, err := take(slotName(filepath.Join(dir, "a"), 0), os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	release, err := Lock(t.Context(), filepath.Join(locks, "live"))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for _, path := range []string{slotName(filepath.Join(dir, "b"), 3), filepath.Join(dir, "a"), filepath.Join(locks, "dead")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	Sweep(dir)
	SweepLocks(locks, time.Hour)
	if _, err := os.Lstat(filepath.Join(locks, "dead")); err != nil {
		t.Error("a young lock file is gone")
	}
	SweepLocks(locks, 0)
	for path, want := range map[string]bool{
		live.Name(): true, filepath.Join(dir, "a"): true, filepath.Join(locks, "live"): true,
		slotName(filepath.Join(dir, "b"), 3): false, filepath.Join(locks, "dead"): false,
	} {
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s: there %v, want %v", path, err == nil, want)
		}
	}
}

func TestAPlantedTemporaryFileIsNotWrittenThrough(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "f"), filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(victim, slotName(path, 0)), os.Link(victim, slotName(path, 1)), os.Symlink(victim+"2", slotName(path, 2))); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(victim); string(got) != "precious" {
		t.Fatalf("the victim holds %q", got)
	}
	if _, err := os.Lstat(victim + "2"); err == nil {
		t.Fatal("a file was made through a dangling link")
	}
}

func TestAFailureKeepsTheOldContentAndHints(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct{ name, path, hint string }{
		{"directory missing", filepath.Join(dir, "none", "f"), "mkdir -p"},
		{"path is a directory", dir, "ls -ld"},
		{"parent is a file", filepath.Join("/dev/null", "f"), "ls -ld"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := Write(c.path, []byte("x"), 0o600)
			var f *pam.Failure
			if !errors.As(err, &f) || !strings.Contains(f.Hint, c.hint) || strings.Contains(f.Message, "redim-tmp") {
				t.Fatalf("got %#v", err)
			}
		})
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) > 1 {
		t.Fatalf("left over: %v", entries)
	}
}

func TestFailuresNameTheCure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		hint string
	}{
		{syscall.ENOSPC, "free some space"},
		{syscall.EDQUOT, "quota"},
		{syscall.EROFS, "read-only file system"},
		{syscall.EACCES, "writable for the user"},
		{syscall.EIO, "ls -ld"},
	} {
		err := failure("/d/f", &fs.PathError{Op: "write", Path: "/d/.f.0.redim-tmp", Err: c.err})
		var f *pam.Failure
		if !errors.As(err, &f) || !strings.Contains(f.Hint, c.hint) || !errors.Is(err, c.err) {
			t.Errorf("%v: got %v, hint %q", c.err, err, f.Hint)
		}
		if want := "can not write /d/f: " + c.err.Error(); err.Error() != want {
			t.Errorf("message %q, want %q", err, want)
		}
	}
}

func TestAFullDiskIsReportedAndNothingIsLeft(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full, which only Linux has")
	}
	defer full.Close()
	if err := fill(full, []byte("x"), volatile); !isFull(err) {
		t.Fatalf("got %v", err)
	}
}

func TestAPrivateDirectoryIsMadeOrClosed(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	wide := filepath.Join(base, "wide")
	if err := errors.Join(os.Mkdir(wide, 0o755), os.Chmod(wide, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{wide, filepath.Join(base, "a", "b"), filepath.Join(base, "a", "b")} {
		if err := MakePrivateDir(dir); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Fatalf("%s: mode %v, %v", dir, info.Mode(), err)
		}
	}
}

func TestADirectoryThatCanNotBeMadeNamesTheOneAbove(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var f *pam.Failure
	if err := MakePrivateDir(filepath.Join(file, "a", "b")); !errors.As(err, &f) || !strings.Contains(f.Hint, "ls -ld") || !strings.Contains(f.Hint, file) {
		t.Fatalf("got %v, %+v", err, f)
	}
}
