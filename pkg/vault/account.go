package vault

import (
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

const accountHint = `write DOMAIN\name, or a Kerberos principal as name@REALM`

// ParseAccount checks the account of an integration with Windows
// authentication: DOMAIN\name, or a Kerberos principal.
func ParseAccount(text string) (string, error) {
	text = strings.TrimSpace(text)
	if err := checkWords("account", text, maxPart); err != nil {
		return "", err
	}
	domain, name, windows := strings.Cut(text, `\`)
	if !windows {
		at := strings.LastIndexByte(text, '@')
		if at < 0 {
			return "", pam.Failf(pam.ErrUsage, "account %q has no domain", text).WithHint(accountHint)
		}
		name, domain = text[:at], text[at+1:]
	}
	forbidden := `"[]:;|=,+*?<>@\ `
	if windows {
		forbidden += "/"
	}
	if name == "" || strings.ContainsAny(name, forbidden) || !isDomain(domain) {
		return "", pam.Failf(pam.ErrUsage, "%q is no account", text).WithHint(accountHint)
	}
	return text, nil
}

func isDomain(domain string) bool {
	if strings.ContainsAny(domain, `"/\[]:;|=,+*?<>@ `) || len(domain) > 253 {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return true
}
