package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/redim/redimtest"
)

const (
	bulkLines    = 10_000
	bulkParallel = 8
	bulkDelay    = 20 * time.Millisecond
)

// BenchmarkBulk tests 10,000 lines against a server that takes 20 ms for each
// request, and compares the rate with what that delay and max_parallel allow.
func BenchmarkBulk(b *testing.B) {
	server, err := redimtest.Start(redimtest.Options{Faults: []string{"delay=" + bulkDelay.String()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close() })
	dir := b.TempDir()
	if err := server.WriteDir(dir); err != nil {
		b.Fatal(err)
	}
	redim := build(b, "../../cmd/redim")
	lines := strings.Repeat("EX\\alice,db01\n", bulkLines)
	for b.Loop() {
		before := requests(server)
		begin := time.Now()
		peak := runBulk(b, redim, dir, lines)
		took := time.Since(begin)
		ideal := time.Duration(requests(server)-before) * bulkDelay / bulkParallel
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(ideal.Seconds(), "limit-s")
		b.ReportMetric(float64(took)/float64(ideal), "x-limit")
		b.ReportMetric(bulkLines/took.Seconds(), "lines/s")
		b.ReportMetric(float64(peak)/1024, "peak-MiB")
	}
}

func requests(server *redimtest.Running) int64 {
	var n int64
	for _, count := range server.Stats().Operations {
		n += count
	}
	return n
}

// runBulk returns the peak memory in KiB.
func runBulk(b *testing.B, redim, dir, lines string) int64 {
	b.Helper()
	cmd := exec.Command(redim, "test-settings", "--from", "-", "--set", "include_shared_lists=false", "--set", "spin_jobs=false",
		"--set", fmt.Sprintf("max_parallel=%d", bulkParallel))
	cmd.Env = append(os.Environ(), "REDIM_CONFIG="+filepath.Join(dir, "settings.yaml"), "REDIM_CACHE_DIR="+filepath.Join(dir, "cache"), "REDIM_STATE_DIR="+filepath.Join(dir, "state"))
	cmd.Stdin = strings.NewReader(lines)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v\n%s", err, talk.String())
	}
	if got := bytes.Count(out.Bytes(), []byte("\n")); got != bulkLines {
		b.Fatalf("%d results for %d lines", got, bulkLines)
	}
	return peakMemory(cmd.ProcessState)
}
