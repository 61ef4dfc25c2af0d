package atomicfile_test

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redim-tools/redim/pkg/atomicfile"
	"github.com/redim-tools/redim/pkg/pam"
)

func TestLockLetsOneInAtATimeAndLeavesNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var inside, most atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				release, err := atomicfile.Lock(t.Context(), filepath.Join(dir, "l"))
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n > most.Load() {
					most.Store(n)
				}
				runtime.Gosched()
				inside.Add(-1)
				release()
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 {
		t.Fatalf("%d were inside", most.Load())
	}
	wantOnly(t, dir)
}

func TestLockAndKeepLeavesTheFileAndExcludesTheOtherKind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "l")
	release, err := atomicfile.LockAndKeep(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := atomicfile.Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	release()
	wantOnly(t, dir, "l")
	again, err := atomicfile.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	again()
	wantOnly(t, dir)
}

func TestLockGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "l")
	release, err := atomicfile.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := atomicfile.Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	release()
	again, err := atomicfile.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestLockSaysWhereItCanNotBeMade(t *testing.T) {
	t.Parallel()
	_, err := atomicfile.Lock(t.Context(), filepath.Join(t.TempDir(), "none", "l"))
	var f *pam.Failure
	if !errors.As(err, &f) || f.Hint == "" {
		t.Fatalf("got %v", err)
	}
}

func BenchmarkDurable(b *testing.B)  { benchmark(b, atomicfile.Write) }
func BenchmarkVolatile(b *testing.B) { benchmark(b, atomicfile.Replace) }

func benchmark(b *testing.B, write func(string, []byte, fs.FileMode) error) {
	path := filepath.Join(b.TempDir(), "f")
	for b.Loop() {
		if err := write(path, make([]byte, 300), 0o600); err != nil {
			b.Fatal(err)
		}
	}
}
