package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestASoakedServerStaysAsItIs lets a server over a SQLite file work with faults,
// now a full disk, now callers who hang up: its memory and its open files do not
// grow. REDIM_SERVE_SOAK says for how long, 30m is the full length; how much it may
// grow is looked at from two minutes on.
func TestASoakedServerStaysAsItIs(t *testing.T) {
	f, credential := newFleet(t, "sqlite:"+filepath.Join(t.TempDir(), "vault.db"), 1)
	f.pace = 5 * time.Millisecond
	long := duration(t, "REDIM_SERVE_SOAK", 4*time.Second)
	stop := f.load(credential)
	for f.count() < 20 {
		time.Sleep(10 * time.Millisecond)
	}
	f.calm()
	var warm usage
	began := time.Now()
	for time.Since(began) < long {
		f.fault()
		if warm.files == 0 && time.Since(began) > long/5 {
			warm = f.usage()
		}
	}
	end := f.usage()
	f.recovers(10 * time.Second)
	stop()
	f.settle()
	t.Logf("after %s %s, after %s %s, %d check-outs", long/5, warm, long, end, f.count())
	if long >= 2*time.Minute && (end.memory > warm.memory*5/4+8<<10 || end.files > warm.files+10) {
		t.Errorf("it grew from %s to %s", warm, end)
	}
}

// fault lets a quarter of a second pass, with a fault in it or without.
func (f *fleet) fault() {
	switch rand.IntN(8) {
	case 0:
		f.room(0)
		time.Sleep(50 * time.Millisecond)
		f.room(unix.RLIM_INFINITY)
	case 1:
		f.client.CloseIdleConnections()
	}
	time.Sleep(200 * time.Millisecond)
}

// usage is what a server has of the machine.
type usage struct {
	memory int // KiB that are resident
	files  int // that are open
}

func (u usage) String() string { return fmt.Sprintf("%d MiB and %d files", u.memory>>10, u.files) }

func (f *fleet) usage() (u usage) {
	f.Helper()
	dir := filepath.Join("/proc", strconv.Itoa(f.servers[0].cmd.Process.Pid))
	text, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			u.memory, _ = strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	files, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		f.Fatal(err)
	}
	u.files = len(files)
	return u
}
