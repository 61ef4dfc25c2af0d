package auth

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// ProxyListener is a listener whose trusted peers begin every connection with a
// header of the PROXY protocol, version 1 or 2. A connection has the address
// that the header names. Others have their own; when they send such a header,
// they are cut off.
type ProxyListener struct {
	net.Listener
	Trusted Trusted
	Wait    time.Duration // how long a header may take; 0: 5 s
	Now     func() time.Time
	// Warn is told of headers that are missing, damaged or not believed.
	Warn func(peer netip.Addr, what string)
}

const defaultProxyWait = 5 * time.Second

// Accept returns at once: the header is read with the first use of the
// connection's address or bytes.
func (l *ProxyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	peer := addressOf(c.RemoteAddr())
	return &proxyConn{Conn: c, listener: l, peer: peer, trusted: l.Trusted.Holds(peer)}, nil
}

func (l *ProxyListener) warn(peer netip.Addr, err error) {
	if l.Warn != nil {
		l.Warn(peer, err.Error())
	}
}

// proxyConn is a connection whose header may be still to be read.
type proxyConn struct {
	net.Conn
	listener *ProxyListener
	peer     netip.Addr
	trusted  bool

	once   sync.Once
	buffer *bufio.Reader // of a trusted peer; nil once it is empty
	from   net.Addr      // nil: the peer's own
	err    error
	looked bool // at the first bytes of a peer that is not trusted

	mu       sync.Mutex
	deadline time.Time // for reading, as it was set from outside
	reading  bool      // the header is being read, under a deadline of ours
}

// RemoteAddr is the address that the header names. It may wait for the header.
func (c *proxyConn) RemoteAddr() net.Addr {
	if c.trusted {
		c.once.Do(c.begin)
	}
	if c.from != nil {
		return c.from
	}
	return c.Conn.RemoteAddr()
}

// Read reads what follows the header. Only one may read at a time.
func (c *proxyConn) Read(b []byte) (int, error) {
	if !c.trusted {
		return c.readStranger(b)
	}
	c.once.Do(c.begin)
	if c.err != nil {
		return 0, c.err
	}
	if c.buffer == nil || c.buffer.Buffered() == 0 {
		c.buffer = nil
		return c.Conn.Read(b)
	}
	return c.buffer.Read(b[:min(len(b), c.buffer.Buffered())])
}

// readStranger looks whether the first bytes of somebody who is not trusted are
// a header. It does not wait for them: what is no header of ours is none of TLS.
func (c *proxyConn) readStranger(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.Conn.Read(b)
	if !c.looked && n > 0 {
		c.looked = true
		if bytes.HasPrefix(b[:n], []byte(proxyPrefix)) || bytes.HasPrefix(b[:n], []byte(proxySignature)) {
			c.fail(errors.New("a header of a peer that is no trusted proxy is not believed"))
			return 0, c.err
		}
	}
	return n, err
}

// begin reads the header of a trusted peer.
func (c *proxyConn) begin() {
	c.buffer = bufio.NewReaderSize(c.Conn, proxyBuffer)
	c.bound(c.listener.Now().Add(cmp.Or(c.listener.Wait, defaultProxyWait)))
	at, err := readProxyHeader(c.buffer)
	c.unbound()
	if err != nil {
		c.fail(err)
		return
	}
	if at.IsValid() {
		c.from = net.TCPAddrFromAddrPort(at)
	}
}

func (c *proxyConn) fail(err error) {
	c.err = fmt.Errorf("PROXY protocol: %w", err)
	c.listener.warn(c.peer, c.err)
	_ = c.Conn.Close()
}

func (c *proxyConn) bound(until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = true
	_ = c.Conn.SetReadDeadline(until)
}

func (c *proxyConn) unbound() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading = false
	_ = c.Conn.SetReadDeadline(c.deadline)
}

// SetReadDeadline holds for what follows the header.
func (c *proxyConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	if c.reading {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline sets both.
func (c *proxyConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}
