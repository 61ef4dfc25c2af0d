package negotiate

import (
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/pam"
)

const (
	staleKeytab = "the account's password was changed since the keytab was made: export it again"

	serverRefuses = "the service's side refused it: check that its HTTP service runs under the account that holds the SPN, that its clock is right, " +
		"and that Extended Protection is not required there (it is not spoken here)"
)

func expiredTicket(client principal, end time.Time) *pam.Failure {
	return pam.Failf(pam.ErrDelegationRefused, "the Kerberos ticket of %s expired at %s", client, end.UTC().Format(time.RFC3339)).
		WithHint("get a new one with: kinit %s; for unattended use set kerberos.keytab", client)
}

// skewed tells that a KDC's clock is ahead of ours by so much.
func skewed(realm string, ahead time.Duration) *pam.Failure {
	word := "ahead of"
	if ahead < 0 {
		word = "behind"
	}
	return pam.Failf(pam.ErrClockSkew, "the clock of the KDC of %s is %s %s this machine's: Kerberos allows 5m0s", realm, ahead.Abs().Round(coarse(ahead)), word).
		WithHint("set this machine's clock, by NTP, to that of the realm; then get a new ticket with: kinit")
}

// explain turns a KDC's refusal into a failure with a hint.
func (c *Client) explain(err error, client, service principal) error {
	no, ok := errors.AsType[*kerberosError](err)
	if !ok {
		return err
	}
	realm := no.Realm
	if realm == "" {
		realm = client.realm
	}
	refused := func(format string, args ...any) *pam.Failure {
		return pam.Failf(pam.ErrDelegationRefused, format, args...)
	}
	switch no.Code {
	case codeServiceUnknown:
		return refused("the KDC of %s knows no service %s", realm, service.plain()).
			WithHint("set kerberos.spn to the SPN under which the service is registered, or register this one: setspn -S %s ACCOUNT", service.plain())
	case codeClientUnknown:
		return refused("the KDC of %s knows no %s", realm, client).WithHint("check the name and the realm, also in kerberos.principal")
	case codeClientRevoked:
		return refused("the account %s is locked or disabled, says the KDC of %s", client, realm).WithHint("have it unlocked")
	case codeKeyExpired:
		return refused("the password of %s has expired, says the KDC of %s", client, realm).WithHint("set a new one; a keytab has to be exported again after that")
	case codePreauthFailed, codeBadIntegrity:
		return refused("the KDC of %s refuses the key of %s", realm, client).WithHint("%s", staleKeytab)
	case codeEncryption:
		return refused("the KDC of %s shares no AES encryption with %s", realm, service.plain()).
			WithHint("switch AES on for both accounts (msDS-SupportedEncryptionTypes 24) and set their passwords anew; RC4 and DES are not spoken here")
	case codeTicketExpired:
		return refused("the Kerberos ticket of %s has expired, says the KDC of %s", client, realm).WithHint("get a new one with: kinit %s", client)
	case codeSkew, codeTicketEarly:
		return skewed(realm, no.Time.Sub(c.now()))
	}
	return refused("the KDC of %s gives %s no ticket for %s (Kerberos error %d)", realm, client, service.plain(), no.Code).
		WithHint("the KDC's log tells more; error codes are listed in RFC 4120, section 7.5.9")
}

// plain is the name without an unknown realm.
func (p principal) plain() string {
	if p.realm == "" {
		p.realm = "?"
		return p.String()[:len(p.String())-2]
	}
	return p.String()
}

// coarse is how exactly a difference of clocks is told: tickets carry whole
// seconds, and a request takes time.
func coarse(d time.Duration) time.Duration {
	if d.Abs() > 2*time.Minute {
		return time.Minute
	}
	return time.Second
}
