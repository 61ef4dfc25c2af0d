//go:build unix

package bench

import (
	"os"
	"syscall"
)

// peakMemory is a process's largest resident size, in KiB on Linux.
func peakMemory(p *os.ProcessState) int64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return u.Maxrss
	}
	return 0
}
