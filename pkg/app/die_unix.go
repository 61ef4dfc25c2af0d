//go:build unix

package app

import (
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redim-tools/redim/pkg/cli"
)

// dieAlike ends this process by the signal that ended the program it ran, so
// that a shell that waits for us sees what it would have seen of the program.
// Only signals do that which simply end a Go process; the others stay an exit
// code of 128 and their number.
func dieAlike(err error) {
	ended, ok := errors.AsType[*cli.EndedError](err)
	plain := []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL}
	if !ok || !slices.Contains(plain, ended.Signal) || signal.Ignored(ended.Signal) {
		return
	}
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // a core would hold the secret
	signal.Reset(ended.Signal)
	_ = syscall.Kill(os.Getpid(), ended.Signal)
	time.Sleep(time.Second) // it may be another thread's to handle
}
