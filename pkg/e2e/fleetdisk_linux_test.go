package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestAFullDiskUnderLoadRefusesAndRecovers lets no file of a running server grow
// for a while, as on a full disk.
func TestAFullDiskUnderLoadRefusesAndRecovers(t *testing.T) {
	f, credential := newFleet(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"), 1)
	stop := f.load(credential)
	for f.count() < 20 {
		time.Sleep(10 * time.Millisecond)
	}
	f.calm()
	for range 3 {
		f.room(0)
		full := f.refusals()
		for f.refusals() < full+20 {
			time.Sleep(10 * time.Millisecond)
		}
		f.room(unix.RLIM_INFINITY)
		time.Sleep(100 * time.Millisecond)
	}
	f.recovers(10 * time.Second)
	stop()
	f.settle()
}

// room is how large a file of the server may become, in bytes.
func (f *fleet) room(bytes uint64) {
	f.Helper()
	if err := unix.Prlimit(f.servers[0].cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}, nil); err != nil {
		f.Fatal(err)
	}
}

func (f *fleet) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answered
}

func (f *fleet) refusals() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.codes["audit_unavailable"]
}
