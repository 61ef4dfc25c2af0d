//go:build !linux

package e2e

import (
	"os"
	"os/exec"

	"github.com/creack/pty"
)

// startAt starts a command at a terminal of this size.
func startAt(cmd *exec.Cmd, size *pty.Winsize) (*os.File, error) { return pty.StartWithSize(cmd, size) }
