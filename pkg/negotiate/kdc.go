package negotiate

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

// Bounds on a conversation with KDCs, besides the context's.
const (
	kdcDial   = 5 * time.Second
	kdcAnswer = 10 * time.Second
)

// errKDC marks that no KDC could be asked.
var errKDC = errors.New("no KDC answered")

// exchange sends a message to a KDC of a realm, over TCP, and returns the
// answer. KDCs are tried in order; an answer of one is final.
func (c *Client) exchange(ctx context.Context, conf *krb5conf, realm string, message []byte) ([]byte, error) {
	kdcs, err := conf.locate(ctx, realm)
	if err != nil {
		return nil, err
	}
	var last error
	for _, address := range kdcs {
		answer, err := c.ask(ctx, address, message)
		if err == nil {
			return answer, nil
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, pam.Failf(pam.ErrInterrupted, "interrupted while waiting for the KDC of %s", realm)
		}
		last = err
	}
	return nil, pam.Failf(pam.ErrUnreachable, "no KDC of %s answers at %s: %w", realm, strings.Join(kdcs, ", "), errors.Join(innermost(last), errKDC)).
		WithHint("check the network and the entry of %s in krb5.conf (%s); TCP port 88 must be open", realm, strings.Join(conf.files, ", "))
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// locate lists the KDCs of a realm as host:port.
func (c *krb5conf) locate(ctx context.Context, realm string) ([]string, error) {
	var found []string
	for _, address := range c.kdcs[realm] {
		found = append(found, withPort(address))
	}
	if len(found) == 0 && !c.noDNS {
		found = lookUpKDCs(ctx, realm)
	}
	if len(found) == 0 {
		return nil, pam.Failf(pam.ErrUnreachable, "no KDC of the realm %s is known: %w", realm, errKDC).
			WithHint("name one in krb5.conf (%s) under [realms], or in DNS as _kerberos._tcp.%s", strings.Join(c.files, ", "), realm)
	}
	return slices.Compact(found), nil
}

func withPort(address string) string {
	address = strings.TrimPrefix(address, "tcp/")
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), "88")
}

// lookUpKDCs asks DNS, with the dot that keeps search domains away.
func lookUpKDCs(ctx context.Context, realm string) []string {
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "kerberos", "tcp", realm+".")
	if err != nil {
		return nil
	}
	var found []string
	for _, r := range records {
		found = append(found, net.JoinHostPort(strings.TrimSuffix(r.Target, "."), strconv.Itoa(int(r.Port))))
	}
	return found
}

// ask has one conversation: a length, a message, and the same back.
func (c *Client) ask(ctx context.Context, address string, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, kdcAnswer)
	defer cancel()
	dialer := net.Dialer{Timeout: kdcDial}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...)); err != nil {
		return nil, err
	}
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxKerberosMessage {
		return nil, errors.New("the answer is too long for one of Kerberos")
	}
	answer := make([]byte, n)
	_, err = io.ReadFull(conn, answer)
	return answer, err
}
