package journal

import (
	"os"
	"strconv"
	"testing"
)

// BenchmarkAppend is dominated by the disk: one sync a record.
func BenchmarkAppend(b *testing.B) {
	j := New(b.TempDir())
	for b.Loop() {
		if err := j.Append(b.Context(), checkout("a", stateOpen)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAppendToMemory shows what is ours, where there is a file system in
// memory.
func BenchmarkAppendToMemory(b *testing.B) {
	dir, err := os.MkdirTemp("/dev/shm", "redim-journal")
	if err != nil {
		dir = b.TempDir()
	}
	defer func() { _ = os.RemoveAll(dir) }()
	j := New(dir)
	b.ReportAllocs()
	for b.Loop() {
		if err := j.Append(b.Context(), checkout("a", stateOpen)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenOfAFullFile(b *testing.B) {
	var data []byte
	for i := 0; len(data) < compactEvery; i++ {
		data = append(data, line(b, checkout(strconv.Itoa(i), stateCheckedIn))...)
	}
	j := New(b.TempDir())
	if err := os.WriteFile(j.Path(), data, 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := j.Open(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
