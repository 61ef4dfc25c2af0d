package auth

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// The limits of a header of the PROXY protocol. Version 1 has its own; of
// version 2 this much is taken, addresses and extensions together.
const (
	maxProxyLine  = 107
	maxProxyBlock = 2048
	proxyBuffer   = 16 + maxProxyBlock
)

const (
	proxyPrefix    = "PROXY "
	proxySignature = "\r\n\r\n\x00\r\nQUIT\n"
)

var errNoProxyHeader = errors.New("the connection does not begin with a header of the PROXY protocol")

// readProxyHeader reads a header of version 1 or 2, and not a byte behind it. The
// address is the zero one when the proxy speaks for itself, or for somebody
// without an address. The reader needs a buffer of proxyBuffer bytes.
func readProxyHeader(r *bufio.Reader) (netip.AddrPort, error) {
	start, err := r.Peek(len(proxySignature)) // shorter than any header
	switch {
	case string(start) == proxySignature:
		return readProxyBlock(r)
	case bytes.HasPrefix(start, []byte(proxyPrefix)):
		return readProxyLine(r)
	case err != nil && !errors.Is(err, io.EOF):
		return netip.AddrPort{}, err
	}
	return netip.AddrPort{}, errNoProxyHeader
}

// readProxyLine reads version 1: PROXY TCP4 source destination port port.
func readProxyLine(r *bufio.Reader) (netip.AddrPort, error) {
	line, err := r.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return netip.AddrPort{}, err
	}
	text, ended := strings.CutSuffix(string(line), "\r\n")
	if !ended || len(line) > maxProxyLine {
		return netip.AddrPort{}, fmt.Errorf("a line of the PROXY protocol does not end within %d bytes", maxProxyLine)
	}
	parts := strings.Split(text, " ")
	if parts[1] == "UNKNOWN" {
		return netip.AddrPort{}, nil
	}
	if len(parts) != 6 {
		return netip.AddrPort{}, errors.New("a line of the PROXY protocol has not 6 words")
	}
	from, err := lineAddress(parts[1], parts[2], parts[4])
	if err != nil {
		return netip.AddrPort{}, err
	}
	if _, err := lineAddress(parts[1], parts[3], parts[5]); err != nil {
		return netip.AddrPort{}, err
	}
	return from, nil
}

func lineAddress(family, address, port string) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(address)
	known := family == "TCP4" && a.Is4() || family == "TCP6" && a.Is6() && a.Zone() == ""
	if err != nil || !known {
		return netip.AddrPort{}, errors.New("a line of the PROXY protocol has an address that is not of its family")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || port != strconv.FormatUint(n, 10) {
		return netip.AddrPort{}, errors.New("a line of the PROXY protocol has a port that is none")
	}
	return netip.AddrPortFrom(normal(a), uint16(n)), nil
}

// readProxyBlock reads version 2.
func readProxyBlock(r *bufio.Reader) (netip.AddrPort, error) {
	const fixed = 16
	start, err := r.Peek(fixed)
	if err != nil {
		return netip.AddrPort{}, err
	}
	size := int(binary.BigEndian.Uint16(start[14:]))
	if size > maxProxyBlock {
		return netip.AddrPort{}, fmt.Errorf("a header of the PROXY protocol has %d bytes; %d are taken", size, maxProxyBlock)
	}
	block := make([]byte, fixed+size)
	if _, err := io.ReadFull(r, block); err != nil {
		return netip.AddrPort{}, err
	}
	from, rest, err := blockAddress(block[12], block[13], block[fixed:])
	if err != nil {
		return netip.AddrPort{}, err
	}
	if err := checkExtensions(block, rest); err != nil {
		return netip.AddrPort{}, err
	}
	return from, nil
}

// blockAddress reads the source, and returns what stands behind the addresses.
func blockAddress(command, family byte, block []byte) (netip.AddrPort, []byte, error) {
	const local, proxied = 0x20, 0x21
	var addresses int
	switch {
	case command == local:
		return netip.AddrPort{}, nil, nil // extensions included: all of it is to be passed over
	case command != proxied:
		return netip.AddrPort{}, nil, fmt.Errorf("a header of the PROXY protocol has the command %#x", command)
	case family == 0x00: // no address that we know
		return netip.AddrPort{}, block, nil
	case family == 0x31: // of a Unix socket
		addresses = 216
	case family == 0x11:
		addresses = 12
	case family == 0x21:
		addresses = 36
	default:
		return netip.AddrPort{}, nil, fmt.Errorf("a header of the PROXY protocol has the family %#x", family)
	}
	if len(block) < addresses {
		return netip.AddrPort{}, nil, errors.New("a header of the PROXY protocol is shorter than its addresses")
	}
	rest := block[addresses:]
	if family == 0x31 {
		return netip.AddrPort{}, rest, nil
	}
	wide := (addresses - 4) / 2
	a, _ := netip.AddrFromSlice(block[:wide]) // 4 or 16 bytes
	return netip.AddrPortFrom(normal(a), binary.BigEndian.Uint16(block[2*wide:])), rest, nil
}

// checkExtensions walks over what follows the addresses, and checks the one
// extension that is for us: a checksum over the whole header.
func checkExtensions(block, rest []byte) error {
	const checksum, head = 0x03, 3
	for len(rest) > 0 {
		if len(rest) < head || len(rest)-head < int(binary.BigEndian.Uint16(rest[1:])) {
			return errors.New("an extension of the PROXY protocol is longer than its header")
		}
		kind, value := rest[0], rest[head:head+int(binary.BigEndian.Uint16(rest[1:]))]
		rest = rest[head+len(value):]
		if kind != checksum {
			continue
		}
		if len(value) != crc32.Size {
			return errors.New("the checksum of a header of the PROXY protocol has another size")
		}
		want := binary.BigEndian.Uint32(value)
		clear(value) // it is part of block, and counts as zero there
		if crc32.Checksum(block, crc32.MakeTable(crc32.Castagnoli)) != want {
			return errors.New("the checksum of a header of the PROXY protocol is wrong")
		}
	}
	return nil
}
