package metrics

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"time"
)

// Process adds what Prometheus' own libraries tell of a process, under the same
// names: memory, open files, CPU time, start and goroutines. What the system
// does not tell in /proc is left out.
func (r *Registry) Process(started time.Time) {
	r.Reading("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", cpuSeconds)
	r.Gauge("process_open_fds", "Number of open file descriptors.", openFiles)
	r.Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", residentBytes)
	r.Gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", func() (float64, bool) { return float64(started.UnixMilli()) / 1e3, true })
	r.Gauge("go_goroutines", "Number of goroutines that currently exist.", func() (float64, bool) { return float64(runtime.NumGoroutine()), true })
}

func openFiles() (float64, bool) {
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, false
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	return float64(len(names) - 1), err == nil // one of them is d
}

func residentBytes() (float64, bool) {
	b, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(b)
	if err != nil || len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseFloat(string(fields[1]), 64)
	return pages * float64(os.Getpagesize()), err == nil
}

// cpuSeconds reads user and system time, which the kernel tells in hundredths.
func cpuSeconds() (float64, bool) {
	b, err := os.ReadFile("/proc/self/stat")
	_, after, ok := bytes.Cut(b, []byte(") ")) // the name before may hold anything
	fields := bytes.Fields(after)
	if err != nil || !ok || len(fields) < 13 {
		return 0, false
	}
	user, err := strconv.ParseFloat(string(fields[11]), 64)
	if err != nil {
		return 0, false
	}
	system, err := strconv.ParseFloat(string(fields[12]), 64)
	return (user + system) / 100, err == nil
}
