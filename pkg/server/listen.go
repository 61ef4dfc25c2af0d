package server

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// listen opens the listeners, or takes those that systemd hands over: the one
// called metrics for Care, any other for the service.
func (s *running) listen(ctx context.Context) error {
	handed, err := inherited(s.Getenv)
	if err != nil {
		return err
	}
	s.main, s.care = handed[""], handed["metrics"]
	if s.main == nil {
		if s.main, err = open(ctx, "listen", s.Listen); err != nil {
			return err
		}
	}
	if s.care == nil && s.Metrics != "" {
		if s.care, err = open(ctx, "metrics_listen", s.Metrics); err != nil {
			return errors.Join(err, s.main.Close())
		}
	}
	if s.Near && !isLoopback(s.main.Addr()) {
		return pam.Failf(pam.ErrUsage, "the socket at %s, which systemd hands over, is none of a loopback address", s.main.Addr()).WithHint("let its unit listen at a loopback address, or serve without --dev")
	}
	s.main = s.limit(s.main, maxConns)
	if s.Wrap != nil {
		s.main = s.Wrap(s.main)
	}
	if s.care != nil {
		s.care = s.limit(s.care, maxCare)
	}
	return nil
}

func open(ctx context.Context, setting, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, pam.Failf(pam.ErrUsage, "listen at %s: %w", address, err).WithHint("choose another address and port with the setting %s", setting)
	}
	return l, nil
}

// firstFD is where systemd begins with what it hands over.
const firstFD = 3

// inherited takes the sockets of systemd's socket activation.
func inherited(getenv func(string) string) (map[string]net.Listener, error) {
	out := map[string]net.Listener{}
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 1 || getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return out, nil //nolint:nilerr // nothing was handed over, or not to us
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	for i := range n {
		name := ""
		if i < len(names) && names[i] == "metrics" {
			name = "metrics"
		}
		f := os.NewFile(uintptr(firstFD+i), "socket "+strconv.Itoa(i))
		l, err := net.FileListener(f)
		_ = f.Close() // FileListener has a copy
		if err != nil {
			return nil, pam.Failf(pam.ErrUsage, "socket %d that systemd hands over can't be listened at: %w", i, err).WithHint("its unit needs ListenStream= with an address and port")
		}
		if out[name] != nil {
			return nil, pam.Failf(pam.ErrUsage, "systemd hands over several sockets").WithHint("one for the service, and one with FileDescriptorName=metrics, are taken")
		}
		out[name] = l
	}
	return out, nil
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
