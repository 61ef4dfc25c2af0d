package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/redim-tools/redim/pkg/pam"
)

// checkListen refuses what is no address and port. Names are refused too: what
// they stand for may change between two starts.
func checkListen(text string) error {
	if text == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err == nil && host != "localhost" && host != "" {
		_, err = netip.ParseAddr(host)
	}
	if err != nil {
		return pam.Failf(pam.ErrUsage, "%q is no address and port", text).WithHint("write 127.0.0.1:8443, [::1]:8443, or :8443 for all addresses of this machine")
	}
	return nil
}

// checkServer refuses what is not the address of a vault serve, without repeating
// it: somebody may have put a password there.
func checkServer(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return pam.Failf(pam.ErrUsage, "this is not the address of a vault").WithHint("write https://HOST:PORT, as vault serve tells it")
	}
	return nil
}
