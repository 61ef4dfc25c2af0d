package server

import (
	"context"
	"net"
	"strconv"
	"time"
)

// notifier tells systemd how the service is. Without systemd it tells nobody.
type notifier struct {
	address string
	every   time.Duration // of the watchdog; 0: there is none
}

func newNotifier(getenv func(string) string) notifier {
	n := notifier{address: getenv("NOTIFY_SOCKET")}
	if us, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64); err == nil && us > 0 {
		n.every = time.Duration(us) * time.Microsecond / 2
	}
	return n
}

func (n notifier) ready()    { n.tell("READY=1") }
func (n notifier) stopping() { n.tell("STOPPING=1") }

// watch says that the process lives, until ctx ends.
func (n notifier) watch(ctx context.Context) {
	if n.address == "" || n.every == 0 {
		return
	}
	tick := time.NewTicker(n.every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			n.tell("WATCHDOG=1")
		case <-ctx.Done():
			return
		}
	}
}

// tell sends one line. Nobody can be told when it fails.
func (n notifier) tell(state string) {
	if n.address == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.address, Net: "unixgram"})
	if err != nil {
		return
	}
	_, _ = c.Write([]byte(state))
	_ = c.Close()
}
