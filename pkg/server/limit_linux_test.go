package server

import (
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"
)

// crowd is a listener with a bound of 8 connections, 2 for each address.
type crowd struct {
	*testing.T
	*limited
	accepted chan net.Conn
}

func newCrowd(t *testing.T, exempt string) *crowd {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &running{Options: Options{Log: slog.New(slog.DiscardHandler), Exempt: func(a netip.Addr) bool { return a.String() == exempt }}}
	bounded, _ := s.limit(l, 8).(*limited)
	c := &crowd{T: t, limited: bounded, accepted: make(chan net.Conn, 100)}
	go func() {
		for {
			conn, err := c.Accept()
			if err != nil {
				close(c.accepted)
				return
			}
			c.accepted <- conn
		}
	}()
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (c *crowd) call(from string) net.Conn {
	c.Helper()
	d := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.DialContext(c.Context(), "tcp", c.Addr().String())
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { _ = conn.Close() })
	return conn
}

// isCut wants that the other side has ended a connection.
func (c *crowd) isCut(conn net.Conn) {
	c.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, err := conn.Read(make([]byte, 1))
	if timeout, ok := err.(net.Error); err == nil || ok && timeout.Timeout() {
		c.Errorf("it was not cut off: %v", err)
	}
}

func TestConnectionsAreBoundedForAllAndForEach(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, "127.0.0.9")
	var held []net.Conn
	for _, from := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"} {
		for range 2 {
			c.call(from)
			held = append(held, <-c.accepted)
		}
		c.isCut(c.call(from))
	}
	c.call("127.0.0.9") // who is exempt may have more, up to the bound of all
	held = append(held, <-c.accepted)
	c.call("127.0.0.9")
	held = append(held, <-c.accepted)
	c.call("127.0.0.4") // waits
	select {
	case <-c.accepted:
		t.Error("there are nine")
	default:
	}
	_ = held[0].Close()
	_ = held[0].Close() // twice is once
	if conn := <-c.accepted; conn.RemoteAddr().(*net.TCPAddr).IP.String() != "127.0.0.4" {
		t.Error(conn.RemoteAddr())
	}
	_ = held[1].Close()
	c.call("127.0.0.1") // its first has ended
	<-c.accepted
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if conn, open := <-c.accepted; open {
		t.Error("accepted after the end: ", conn.RemoteAddr())
	}
}

func TestAnAddressOfIPv6CountsForItsNetwork(t *testing.T) {
	t.Parallel()
	l := &limited{}
	for text, want := range map[string]string{"2001:db8::1": "2001:db8::/64", "2001:db8::ffff:1": "2001:db8::/64", "::ffff:10.0.0.1": "10.0.0.1/32", "10.0.0.1": "10.0.0.1/32"} {
		if got := l.network(net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(text), 1))); got.String() != want {
			t.Errorf("%s counts for %s", text, got)
		}
	}
}
