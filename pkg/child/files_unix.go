//go:build unix

package child

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// holdDir holds a directory as one in use, until it is closed or the process
// ends. It fails when somebody else does.
func holdDir(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func isOwn(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
