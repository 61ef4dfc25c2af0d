// Package childtest makes programs for tests to start.
package childtest

import (
	"os"
	"syscall"
	"testing"
)

// WriteProgram writes a shell script that can be started at once. A process that
// another test forks meanwhile would have the file open for writing until it runs
// its own program, and a kernel starts no such file ("text file busy"). So nothing
// is forked while the file is open.
func WriteProgram(tb testing.TB, path, script string) {
	tb.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		tb.Fatal(err)
	}
}
