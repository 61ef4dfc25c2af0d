package bench

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// build compiles a package the way a release is compiled.
func build(tb testing.TB, pkg string) string {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), filepath.Base(pkg))
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("go build %s: %v\n%s", pkg, err, text)
	}
	return out
}

// command is one whole process to be timed.
type command struct {
	path string
	args []string
	env  []string
}

// usage is what one run took.
type usage struct{ cpu, wall time.Duration }

func (c command) run(tb testing.TB) usage {
	tb.Helper()
	cmd := exec.Command(c.path, c.args...)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stdout = io.Discard
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		tb.Fatalf("%s %v: %v", c.path, c.args, err)
	}
	return usage{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall: time.Since(begin)}
}

// beside times a command and its limit in turn and reports the medians and the
// median of the ratios, pair by pair.
func beside(b *testing.B, subject, limit command) {
	b.Helper()
	subject.run(b) // warm the page cache
	limit.run(b)
	var cpu, wall, limitCPU, limitWall, ratio, wallRatio []float64
	for b.Loop() {
		l, s := limit.run(b), subject.run(b)
		cpu, wall = append(cpu, milli(s.cpu)), append(wall, milli(s.wall))
		limitCPU, limitWall = append(limitCPU, milli(l.cpu)), append(limitWall, milli(l.wall))
		ratio = append(ratio, float64(s.cpu)/float64(l.cpu))
		wallRatio = append(wallRatio, float64(s.wall)/float64(l.wall))
	}
	b.ReportMetric(median(cpu), "cpu-ms")
	b.ReportMetric(median(limitCPU), "limit-cpu-ms")
	b.ReportMetric(median(ratio), "x-cpu")
	b.ReportMetric(median(wall), "wall-ms")
	b.ReportMetric(median(limitWall), "limit-wall-ms")
	b.ReportMetric(median(wallRatio), "x-wall")
}

func milli(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
