package config

import (
	"net/netip"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Door is whom vault serve believes.
type Door struct {
	TrustedProxies string // addresses and networks, with commas
	ProxyHeader    string // x-forwarded-for, forwarded or none
	ProxyProtocol  bool   // trusted proxies begin connections with a PROXY header
	Keytab         string // empty: nobody signs in by a Windows account
	SPN            string
	Realms         string // REALM or REALM=DOMAIN, with commas
}

// doorKeys say whom vault serve believes.
func doorKeys() []Key {
	return []Key{
		{Name: "trusted_proxies", Type: TypeText, Tool: ToolVault, Example: "10.0.0.5,10.1.0.0/28", check: checkNetworks,
			Doc:   "Addresses and networks of the reverse proxies in front of `vault serve`; several with commas. Only they are believed when they say whom they speak for. Without any, a caller's address is that of its connection. [vault-door.md](vault-door.md) tells more.",
			field: func(s *Settings) any { return &s.Door.TrustedProxies }},
		{Name: "proxy_header", Type: TypeChoice, Tool: ToolVault, Default: "x-forwarded-for", Example: "forwarded", Choices: []string{"x-forwarded-for", "forwarded", "none"},
			Doc:   "The header in which every one of the `trusted_proxies` names its caller: exactly one, since a proxy hands on what it does not set itself.",
			field: func(s *Settings) any { return &s.Door.ProxyHeader }},
		{Name: "proxy_protocol", Type: TypeBool, Tool: ToolVault, Default: "false", Example: "true",
			Doc:   "Whether every connection of the `trusted_proxies` begins with a header of the PROXY protocol, version 1 or 2. One without it is cut off.",
			field: func(s *Settings) any { return &s.Door.ProxyProtocol }},
		{Name: "windows.keytab", Type: TypeText, Tool: ToolVault, paths: Origin.resolve, Example: "/etc/redim/http.keytab",
			Doc:   "Keytab of the service, by which applications sign in with their Windows account (Kerberos). Read again when it changes. Without it none can.",
			field: func(s *Settings) any { return &s.Door.Keytab }},
		{Name: "windows.spn", Type: TypeText, Tool: ToolVault, Example: "HTTP/vault.example.com",
			Doc:   "The service whose tickets are taken. Without it every `HTTP` service of the keytab.",
			field: func(s *Settings) any { return &s.Door.SPN }},
		{Name: "windows.realms", Type: TypeText, Tool: ToolVault, Example: "EX.EXAMPLE.COM=EX",
			Doc:   "Realms whose accounts may sign in, several with commas; of a Windows domain with its NetBIOS name, so that `EX\\name` is known as one of them, and case does not matter. Without any, those of the key that opened the ticket, by name@REALM as it is spelled.",
			field: func(s *Settings) any { return &s.Door.Realms }},
	}
}

// SplitList takes a text with commas apart. Blanks around an entry don't count.
func SplitList(text string) []string {
	var out []string
	for entry := range strings.SplitSeq(text, ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			out = append(out, entry)
		}
	}
	return out
}

func checkNetworks(text string) error {
	for _, entry := range SplitList(text) {
		_, network := netip.ParsePrefix(entry)
		if _, err := netip.ParseAddr(entry); err != nil && network != nil {
			return pam.Failf(pam.ErrUsage, "%q is no address and no network", entry).WithHint("write addresses such as 10.0.0.5 and networks such as 10.0.0.0/28, with commas between")
		}
	}
	return nil
}
