package server

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
)

// limit bounds how many connections are open at once. Further ones wait, and those
// beyond what one address may have are closed.
func (s *running) limit(l net.Listener, most int) net.Listener {
	return &limited{
		Listener: l, slots: make(chan struct{}, most), closed: make(chan struct{}),
		each: most / addressShare, exempt: s.Exempt, log: s.Log, of: map[netip.Prefix]int{},
	}
}

type limited struct {
	net.Listener
	slots  chan struct{}
	once   sync.Once
	closed chan struct{}
	each   int // for one address
	exempt func(netip.Addr) bool
	log    *slog.Logger

	mu sync.Mutex
	of map[netip.Prefix]int // open connections
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			<-l.slots
			return nil, err
		}
		from := l.network(c.RemoteAddr())
		if l.enter(from) {
			return &limitedConn{Conn: c, free: sync.OnceFunc(func() { l.leave(from); <-l.slots })}, nil
		}
		_ = c.Close() // it is one too many, and nothing was read from it
	}
}

// network is whom a connection counts for: an address of IPv4 or a /64 of IPv6;
// zero: nobody.
func (l *limited) network(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	from := tcp.AddrPort().Addr().Unmap().WithZone("")
	if l.exempt != nil && l.exempt(from) {
		return netip.Prefix{}
	}
	p, _ := from.Prefix(min(from.BitLen(), 64))
	return p
}

// enter counts a connection, unless its address has as many as it may. The log is
// told when an address reaches its bound, and not of each connection beyond.
func (l *limited) enter(from netip.Prefix) bool {
	if !from.IsValid() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[from] >= l.each {
		return false
	}
	if l.of[from]++; l.of[from] == l.each {
		l.log.Warn("too many connections", "from", from.String(), "open", l.each)
	}
	return true
}

func (l *limited) leave(from netip.Prefix) {
	if !from.IsValid() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[from]--; l.of[from] == 0 {
		delete(l.of, from)
	}
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type limitedConn struct {
	net.Conn
	free func()
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.free()
	return err
}
