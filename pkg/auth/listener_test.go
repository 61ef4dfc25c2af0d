package auth

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// block makes a header of version 2.
func block(command, family byte, body ...byte) []byte {
	b := append([]byte(proxySignature), command, family)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return append(b, body...)
}

func four() []byte { return []byte{198, 51, 100, 7, 10, 0, 0, 5, 0x12, 0x67, 0x20, 0xfb} }

func six() []byte {
	from, to := netip.MustParseAddr("2001:db8::9").As16(), netip.MustParseAddr("2001:db8::5").As16()
	return append(append(from[:], to[:]...), 0x12, 0x67, 0x20, 0xfb)
}

func extension(kind byte, value ...byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{kind}, uint16(len(value))), value...)
}

// summed fills in the checksum, which is the last extension.
func summed(b []byte) []byte {
	sum := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	binary.BigEndian.PutUint32(b[len(b)-4:], sum)
	return b
}

func TestHeadersOfTheProxyProtocolAreRead(t *testing.T) {
	t.Parallel()
	checked := summed(block(0x21, 0x11, append(four(), append(extension(0x04, 1, 2), extension(0x03, 0, 0, 0, 0)...)...)...))
	broken := bytes.Clone(checked)
	broken[16]++
	for name, c := range map[string]struct {
		header []byte
		want   string // empty: the peer's own; "!": refused
	}{
		"version 1":                    {[]byte("PROXY TCP4 198.51.100.7 10.0.0.5 4711 8443\r\n"), "198.51.100.7:4711"},
		"version 1, IPv6":              {[]byte("PROXY TCP6 2001:db8::9 2001:db8::5 4711 8443\r\n"), "[2001:db8::9]:4711"},
		"version 1, IPv4 in IPv6":      {[]byte("PROXY TCP6 ::ffff:198.51.100.7 ::1 4711 8443\r\n"), "198.51.100.7:4711"},
		"version 1, unknown":           {[]byte("PROXY UNKNOWN\r\n"), ""},
		"version 1, unknown and words": {[]byte("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), ""},
		"version 1, other family":      {[]byte("PROXY TCP4 2001:db8::9 10.0.0.5 1 2\r\n"), "!"},
		"version 1, other family of 6": {[]byte("PROXY TCP6 10.0.0.9 10.0.0.5 1 2\r\n"), "!"},
		"version 1, a zone":            {[]byte("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"), "!"},
		"version 1, no family":         {[]byte("PROXY UDP4 10.0.0.9 10.0.0.5 1 2\r\n"), "!"},
		"version 1, a damaged target":  {[]byte("PROXY TCP4 10.0.0.9 10.0.0 1 2\r\n"), "!"},
		"version 1, a port too large":  {[]byte("PROXY TCP4 10.0.0.9 10.0.0.5 65536 2\r\n"), "!"},
		"version 1, a port with zeros": {[]byte("PROXY TCP4 10.0.0.9 10.0.0.5 0080 2\r\n"), "!"},
		"version 1, words missing":     {[]byte("PROXY TCP4 10.0.0.9\r\n"), "!"},
		"version 1, two blanks":        {[]byte("PROXY  TCP4 10.0.0.9 10.0.0.5 1 2\r\n"), "!"},
		"version 1, too long":          {[]byte("PROXY UNKNOWN " + strings.Repeat("x", 100) + "\r\n"), "!"},
		"version 1, endless":           {[]byte("PROXY UNKNOWN " + strings.Repeat("x", 5000)), "!"},
		"version 1, no end of line":    {[]byte("PROXY TCP4 198.51.100.7 10.0.0.5 4711 8443"), "!"},
		"version 1, a bare newline":    {[]byte("PROXY TCP4 198.51.100.7 10.0.0.5 4711 8443\n"), "!"},
		"version 2":                    {block(0x21, 0x11, four()...), "198.51.100.7:4711"},
		"version 2, IPv6":              {block(0x21, 0x21, six()...), "[2001:db8::9]:4711"},
		"version 2, local":             {block(0x20, 0x00), ""},
		"version 2, local and words":   {block(0x20, 0x11, four()...), ""},
		"version 2, no family":         {block(0x21, 0x00, 1, 2, 3, 4)[:16], "!"},
		"version 2, no address":        {block(0x21, 0x00), ""},
		"version 2, a Unix socket":     {block(0x21, 0x31, make([]byte, 216)...), ""},
		"version 2, extensions":        {block(0x21, 0x11, append(four(), extension(0xea, 1, 2, 3)...)...), "198.51.100.7:4711"},
		"version 2, a checksum":        {checked, "198.51.100.7:4711"},
		"version 2, a wrong checksum":  {broken, "!"},
		"version 2, a short checksum":  {block(0x21, 0x11, append(four(), extension(0x03, 0, 0)...)...), "!"},
		"version 2, datagrams":         {block(0x21, 0x12, four()...), "!"},
		"version 2, a command":         {block(0x22, 0x11, four()...), "!"},
		"version 3":                    {block(0x31, 0x11, four()...), "!"},
		"version 2, short":             {block(0x21, 0x21, four()...), "!"},
		"version 2, a cut extension":   {block(0x21, 0x11, append(four(), 0xea, 0, 9, 1)...), "!"},
		"version 2, an odd byte":       {block(0x21, 0x11, append(four(), 0xea)...), "!"},
		"version 2, cut":               {block(0x21, 0x11, four()...)[:20], "!"},
		"version 2, the signature":     {[]byte(proxySignature), "!"},
		"version 2, too long":          {block(0x21, 0x11, make([]byte, 5000)...), "!"},
		"no header":                    {[]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "!"},
		"nothing":                      {nil, "!"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const behind = "behind it"
			sent := c.header
			if c.want != "!" {
				sent = append(bytes.Clone(c.header), behind...)
			}
			r := bufio.NewReaderSize(bytes.NewReader(sent), proxyBuffer)
			got, err := readProxyHeader(r)
			if c.want == "!" {
				if err == nil {
					t.Errorf("%s was taken", got)
				}
				return
			}
			rest, _ := io.ReadAll(r)
			if err != nil || got.IsValid() != (c.want != "") || got.IsValid() && got.String() != c.want || string(rest) != behind {
				t.Errorf("%s, %v, then %q; want %s", got, err, rest, c.want)
			}
		})
	}
}

// FuzzProxyHeader holds that no bytes do harm, and that nothing behind a header
// is lost.
func FuzzProxyHeader(f *testing.F) {
	f.Add([]byte("PROXY TCP4 198.51.100.7 10.0.0.5 4711 8443\r\nx"))
	f.Add([]byte("PROXY UNKNOWN\r\n"))
	f.Add(block(0x21, 0x11, append(four(), extension(0x03, 1, 2, 3, 4)...)...))
	f.Add(block(0x20, 0x21, six()...))
	f.Fuzz(func(t *testing.T, sent []byte) {
		const mark = "\x00mark"
		r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(sent), strings.NewReader(mark)), proxyBuffer)
		at, err := readProxyHeader(r)
		if err != nil {
			if at.IsValid() {
				t.Fatal("an address and an error")
			}
			return
		}
		if a := at.Addr(); at.IsValid() && (a.Is4In6() || a.Zone() != "") {
			t.Fatalf("%s is not in its one form", a)
		}
		rest, err := io.ReadAll(r)
		if err != nil || !bytes.HasSuffix(append(bytes.Clone(sent), mark...), rest) {
			t.Fatalf("%q, %v", rest, err)
		}
	})
}

// pipes is a listener of connections in memory, each with the address of its caller.
type pipes struct{ conns chan net.Conn }

type pipe struct {
	net.Conn
	from string
}

func (p pipe) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(p.from)) }

func (l pipes) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l pipes) Close() error   { return nil }
func (l pipes) Addr() net.Addr { return nil }

type door struct {
	*ProxyListener
	mu   sync.Mutex
	said []string
	in   pipes
}

func newDoor(t testing.TB) *door {
	t.Helper()
	list, err := ParseTrusted([]string{"10.0.0.5"})
	if err != nil {
		t.Fatal(err)
	}
	d := &door{in: pipes{make(chan net.Conn, 1)}}
	d.ProxyListener = &ProxyListener{Listener: d.in, Trusted: list, Now: time.Now, Warn: func(_ netip.Addr, what string) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.said = append(d.said, what)
	}}
	return d
}

// knock opens a connection from somewhere, and returns both its ends.
func (d *door) knock(t testing.TB, from string) (outside, inside net.Conn) {
	t.Helper()
	outside, end := net.Pipe()
	d.in.conns <- pipe{end, from}
	inside, err := d.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = outside.Close(); _ = inside.Close() })
	return outside, inside
}

func send(outside net.Conn, pieces ...string) {
	for _, p := range pieces {
		_, _ = outside.Write([]byte(p))
	}
	_ = outside.Close()
}

func TestAConnectionHasTheAddressThatItsProxyNames(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	outside, inside := d.knock(t, "10.0.0.5:999")
	go send(outside, "PROXY TCP4 198.51.", "100.7 10.0.0.5 4711 8443\r\nhel", "lo", " there")
	if got := inside.RemoteAddr().String(); got != "198.51.100.7:4711" {
		t.Error(got)
	}
	if text, err := io.ReadAll(inside); string(text) != "hello there" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	outside, inside = d.knock(t, "10.0.0.5:999")
	go send(outside, "PROXY UNKNOWN\r\n", "hello")
	if text, err := io.ReadAll(inside); string(text) != "hello" || err != nil || inside.RemoteAddr().String() != "10.0.0.5:999" {
		t.Errorf("%q, %v", text, err)
	}
	if len(d.said) > 0 {
		t.Error(d.said)
	}
}

func TestAHeaderOfAStrangerIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"PROXY TCP4 10.1.1.1 10.0.0.5 1 2\r\nhello", string(block(0x21, 0x11, four()...))} {
		d := newDoor(t)
		outside, inside := d.knock(t, "198.51.100.7:1")
		if got := inside.RemoteAddr().String(); got != "198.51.100.7:1" {
			t.Error(got)
		}
		go send(outside, header)
		for range 2 {
			if text, err := io.ReadAll(inside); len(text) > 0 || err == nil {
				t.Errorf("%q, %v", text, err)
			}
		}
		if len(d.said) != 1 || !strings.Contains(d.said[0], "not believed") {
			t.Error(d.said)
		}
	}
	d := newDoor(t)
	outside, inside := d.knock(t, "198.51.100.7:1")
	go send(outside, "GET /PROXY ", "PROXY TCP4 ")
	if text, err := io.ReadAll(inside); string(text) != "GET /PROXY PROXY TCP4 " || err != nil || len(d.said) > 0 {
		t.Errorf("%q, %v, %v", text, err, d.said)
	}
}

func TestAProxyThatSaysNothingIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t)
		outside, inside := d.knock(t, "10.0.0.5:999")
		go func() { _, _ = outside.Write([]byte("PROXY TCP4 198")) }()
		began := time.Now()
		_, err := inside.Read(make([]byte, 10))
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != defaultProxyWait || len(d.said) != 1 {
			t.Errorf("%v after %s, %v", err, time.Since(began), d.said)
		}
		if _, err := outside.Write([]byte("more")); err == nil {
			t.Error("it was not cut off")
		}
		if inside.RemoteAddr().String() != "10.0.0.5:999" {
			t.Error(inside.RemoteAddr())
		}
	})
}

func TestADeadlineThatWasSetHoldsBehindTheHeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t)
		outside, inside := d.knock(t, "10.0.0.5:999")
		if err := inside.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = outside.Write([]byte("PROXY UNKNOWN\r\n")) }()
		began := time.Now()
		if _, err := inside.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
