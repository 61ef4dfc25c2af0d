//go:build !unix

package mask

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
