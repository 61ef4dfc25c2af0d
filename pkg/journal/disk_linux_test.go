package journal

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redim-tools/redim/pkg/pam"
)

const insideVar = "REDIM_TEST_JOURNAL_DISK"

// ownDisk returns a directory on a small file system of the test's own. It
// runs the test once more in a process that may mount, where nobody else sees
// the mount, and returns false in this one.
func ownDisk(t *testing.T, size string) (dir string, inside bool) {
	t.Helper()
	if os.Getenv(insideVar) != t.Name() {
		runInside(t)
		return "", false
	}
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		t.Skipf("no disk of its own can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	return dir, true
}

func runInside(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), insideVar+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
	}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil && len(out) == 0:
		t.Skipf("no process that may mount can be started here: %v", err)
	case bytes.Contains(out, []byte("--- SKIP")):
		t.Skipf("no disk of its own can be mounted here")
	case err != nil || !bytes.Contains(out, []byte("--- PASS")):
		t.Errorf("%v:\n%s", err, out)
	}
}

// fill leaves about room bytes free and returns what frees the rest.
func fill(t *testing.T, dir string, room int) (free func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for page := make([]byte, 4096); ; n += int64(len(page)) {
		if _, err := f.Write(page); err != nil {
			break
		}
	}
	if err := f.Truncate(max(n-int64(room), 0)); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	return func() { _ = os.Remove(path) }
}

func TestAFullDiskRefusesTheRecordAndKeepsTheRest(t *testing.T) {
	t.Parallel()
	dir, inside := ownDisk(t, "256k")
	if !inside {
		return
	}
	j := New(filepath.Join(dir, "state"))
	j.Warn = func(m string) { t.Errorf("told %q", m) }
	add(t, j, checkout("first", stateOpen))
	free := fill(t, dir, 8192)
	kept := []pam.Checkout{checkout("first", stateOpen)}
	var err error
	for i := 0; err == nil; i++ {
		c := checkout(strings.Repeat("i", i+1), stateOpen)
		if err = j.Append(t.Context(), c); err == nil {
			kept = append(kept, c)
		}
	}
	isUnavailable(t, err)
	if got := all(t, j); len(got) != len(kept) || len(kept) < 10 {
		t.Errorf("%d records are there, %d were kept", len(got), len(kept))
	}
	free()
	add(t, j, checkout("next", stateOpen))
	if got := all(t, j); len(got) != len(kept)+1 {
		t.Errorf("%d records are there", len(got))
	}
}

func TestAFullDiskRefusesTheFirstRecord(t *testing.T) {
	t.Parallel()
	dir, inside := ownDisk(t, "64k")
	if !inside {
		return
	}
	free := fill(t, dir, 0)
	j := New(filepath.Join(dir, "state"))
	isUnavailable(t, j.Append(t.Context(), checkout("a", stateOpen)))
	if got := all(t, j); len(got) != 0 {
		t.Errorf("listed %v", got)
	}
	free()
	add(t, j, checkout("a", stateOpen))
}

func TestAFullDiskPutsARewriteOff(t *testing.T) {
	t.Parallel()
	dir, inside := ownDisk(t, "1m")
	if !inside {
		return
	}
	j := New(dir)
	c := checkout("a", stateOpen)
	c.Comment = strings.Repeat("x", 1000)
	var data []byte
	n := 0
	for ; len(data) < compactEvery-1500; n++ {
		c.ID = strings.Repeat("n", n%100) + string(rune('0'+n/100))
		data = append(data, line(t, c)...)
	}
	if err := os.WriteFile(j.Path(), data, 0o600); err != nil {
		t.Fatal(err)
	}
	fill(t, dir, 64<<10)
	before, _ := os.Stat(j.Path())
	c.ID, c.Comment = "over the edge", strings.Repeat("x", 2000)
	add(t, j, c, checkout("next", stateOpen))
	after, _ := os.Stat(j.Path())
	if got := all(t, j); len(got) != n+2 || after.Size() <= compactEvery || !os.SameFile(before, after) {
		t.Errorf("%d of %d are there, in %d bytes", len(got), n+2, after.Size())
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 3 { // the journal, its lock, the filler
		t.Errorf("a half rewrite is left: %v, %v", entries, err)
	}
}

func TestAReadOnlyDiskIsReadAndNotWritten(t *testing.T) {
	t.Parallel()
	dir, inside := ownDisk(t, "256k")
	if !inside {
		return
	}
	j := New(dir)
	messages := ""
	j.Warn = func(m string) { messages += m }
	add(t, j, checkout("a", stateOpen))
	damage(t, j, "nonsense\n")
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	err := j.Append(t.Context(), checkout("b", stateOpen))
	isUnavailable(t, err)
	if !strings.Contains(err.Error(), "read-only") {
		t.Errorf("got %v", err)
	}
	if got := all(t, j); len(got) != 1 || !strings.Contains(messages, "1 lines of "+j.Path()+" are cut or damaged") {
		t.Errorf("listed %v, told %q", got, messages)
	}
	isUnavailable(t, New(filepath.Join(dir, "deeper")).Append(t.Context(), checkout("b", stateOpen)))
}
