package child

import "syscall"

// dieTogether has the program told to end when this process is killed, so that
// it does not go on with what it was lent.
func dieTogether(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGTERM }
