//go:build unix

package store_test

import (
	"os"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"testing"
)

// PROF=file CALLERS=n
func TestZProfile(t *testing.T) {
	callers := 64
	if os.Getenv("CALLERS") == "1" { callers = 1 }
	const total = 30000
	b := &testing.B{}
	_ = b
	res := testing.Benchmark(func(b *testing.B) {
		v := newBenchVault(b, sqliteBackend().make(b), total)
		f, _ := os.Create(os.Getenv("PROF"))
		pprof.StartCPUProfile(f)
		var n atomic.Int64
		var wg sync.WaitGroup
		c := cpu()
		b.ResetTimer()
		for range callers {
			wg.Go(func() {
				for k := n.Add(1); k < total; k = n.Add(1) {
					if err := v.checkOut(host(int(k * 7919 % total))); err != nil { b.Error(err); return }
				}
			})
		}
		wg.Wait()
		b.StopTimer()
		pprof.StopCPUProfile()
		f.Close()
		b.Logf("%v cpu-us/op, %v ops/s", float64((cpu()-c).Microseconds())/total, total/b.Elapsed().Seconds())
		b.N = 1
		t.Logf("%v cpu-us/op, %v ops/s", float64((cpu()-c).Microseconds())/total, total/b.Elapsed().Seconds())
	})
	_ = res
}
