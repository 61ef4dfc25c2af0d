//go:build !windows

package prompt

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// inputWithin reports whether there is something to read within d, or a little
// longer when signals come. Select is used because poll knows no terminals on
// macOS.
func inputWithin(fd uintptr, d time.Duration) bool {
	for {
		var fds unix.FdSet
		fds.Set(int(fd))
		left := unix.NsecToTimeval(d.Nanoseconds())
		n, err := unix.Select(int(fd)+1, &fds, nil, nil, &left)
		if !errors.Is(err, unix.EINTR) {
			return n > 0 || err != nil
		}
	}
}
