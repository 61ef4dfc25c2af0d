//go:build unix && !linux

package child

import "syscall"

// dieTogether would have the program told when this process is killed, which
// only Linux can.
func dieTogether(*syscall.SysProcAttr) {}
