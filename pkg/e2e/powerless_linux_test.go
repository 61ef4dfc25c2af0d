package e2e

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// powerless becomes another program whose root is bound by modes as others are.
func powerless(args []string) error {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	for power := uintptr(0); os.Getuid() == 0 && power <= unix.CAP_LAST_CAP; power++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, power, 0, 0, 0); err != nil {
			return err
		}
	}
	return syscall.Exec(path, args, os.Environ())
}
