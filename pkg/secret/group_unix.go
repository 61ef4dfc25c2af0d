//go:build unix

package secret

import (
	"os/exec"
	"syscall"
)

// ownGroup makes what a command starts end with it when its context does.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
