//go:build !linux

package e2e

import (
	"errors"
	"os"
	"os/exec"
)

// powerless runs another program; root can't give its power away here.
func powerless(args []string) error {
	if os.Getuid() == 0 {
		return errors.New("root is bound by no modes here: run the tests as another user")
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if cmd.ProcessState != nil {
		os.Exit(cmd.ProcessState.ExitCode())
	}
	return err
}
