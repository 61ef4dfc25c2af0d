package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
)

// Acceptor checks a token of HTTP Negotiate, once base64-decoded. The text of
// the caller is name@REALM.
type Acceptor[C fmt.Stringer] interface {
	Accept(ctx context.Context, token []byte) (caller C, reply []byte, err error)
}

// Kerberos proves accounts by tokens of HTTP Negotiate.
type Kerberos struct {
	accept func(ctx context.Context, token []byte) (principal string, reply []byte, err error)
	realms Realms
}

// NewKerberos makes one over an acceptor.
func NewKerberos[C fmt.Stringer](a Acceptor[C], realms Realms) *Kerberos {
	return &Kerberos{realms: realms, accept: func(ctx context.Context, token []byte) (string, []byte, error) {
		caller, reply, err := a.Accept(ctx, token)
		if err != nil {
			return "", nil, err
		}
		return caller.String(), reply, nil
	}}
}

// Proven is an account that a token proved.
type Proven struct {
	Principal string   // name@REALM, as the ticket spells it
	Also      []string // spellings that mean the same, in which case does not matter
	Reply     []byte   // goes back to the caller, who may check us by it; may be empty
}

// UnprovenError is why a token proves nothing. What Error says may be told to
// the caller; Detail is for the log and holds no secret.
type UnprovenError struct {
	*pam.Failure
	Detail string
	NTLM   bool // the token was one of NTLM, which is not offered
}

// Unwrap is the failure, of pam.ErrSignInRefused.
func (e *UnprovenError) Unwrap() error { return e.Failure }

// ntlmDetail is what the log says of a token of NTLM.
const ntlmDetail = "the caller sent a token of NTLM, which is not offered: it had no Kerberos ticket for this service. " +
	"docs/vault-door.md tells what is missing as a rule"

// Prove checks a token. The error is an *UnprovenError, a *BusyError when the
// acceptor can take no more for now, or that of ctx.
func (k *Kerberos) Prove(ctx context.Context, token []byte) (Proven, error) {
	principal, reply, err := k.accept(ctx, token)
	if err != nil {
		return Proven{}, refusedToken(ctx, token, err)
	}
	also, err := k.realms.Spellings(principal)
	if err != nil {
		return Proven{}, unproven(err.Error())
	}
	return Proven{Principal: principal, Also: also, Reply: reply}, nil
}

func refusedToken(ctx context.Context, token []byte, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if later, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err); ok && later.Temporary() {
		return busy()
	}
	refusal := unproven(err.Error())
	if isNTLM(token) {
		refusal.Detail, refusal.NTLM = ntlmDetail, true
	}
	return refusal
}

func unproven(detail string) *UnprovenError {
	return &UnprovenError{Failure: pam.Failf(pam.ErrSignInRefused, "the sign-in was refused").WithHint("get a fresh Kerberos ticket for this service; the log of the vault says what was wrong"), Detail: detail}
}

// isNTLM reports whether a token is one of NTLM, bare or wrapped.
func isNTLM(token []byte) bool { return bytes.Contains(token, []byte("NTLMSSP\x00")) }

// Realm is a Kerberos realm whose accounts may sign in.
type Realm struct {
	Name   string // as tickets spell it
	Domain string // the NetBIOS name of the Windows domain that it is; empty: none
}

// Realms are those that are taken. Without any, the acceptor alone decides.
type Realms []Realm

const realmHint = "write the realm, as EX.EXAMPLE.COM; and for a Windows domain its NetBIOS name too, as EX.EXAMPLE.COM=EX"

// ParseRealms reads REALM or REALM=DOMAIN. ErrUsage for what is neither, or
// names a realm or a domain twice.
func ParseRealms(list []string) (Realms, error) {
	var out Realms
	for _, text := range list {
		name, domain, windows := strings.Cut(strings.TrimSpace(text), "=")
		if !isRealm(name) || windows && !isRealm(domain) {
			return nil, pam.Failf(pam.ErrUsage, "%q is no realm", text).WithHint(realmHint)
		}
		twice := slices.ContainsFunc(out, func(r Realm) bool {
			return strings.EqualFold(r.Name, name) || windows && strings.EqualFold(r.Domain, domain)
		})
		if twice {
			return nil, pam.Failf(pam.ErrUsage, "%q names a realm or a domain for the second time", text).WithHint(realmHint)
		}
		out = append(out, Realm{Name: name, Domain: domain})
	}
	return out, nil
}

func isRealm(text string) bool {
	bad := func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`@\/"=`, r) }
	return text != "" && len(text) <= 253 && !strings.ContainsFunc(text, bad)
}

// Names lists the realms.
func (l Realms) Names() []string {
	var out []string
	for _, r := range l {
		out = append(out, r.Name)
	}
	return out
}

// Spellings are the other names of a principal. Windows does not tell accounts
// apart by case, so in the realm of a Windows domain the principal itself is
// among them, and DOMAIN\name, also with the realm as the domain; elsewhere case matters, and there are none. It
// fails for a realm that is not listed, and for names that could be taken for
// others.
func (l Realms) Spellings(principal string) ([]string, error) {
	at := strings.LastIndexByte(principal, '@')
	if at <= 0 || strings.ContainsAny(principal[:at], `@\`) || strings.ContainsFunc(principal, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, fmt.Errorf("the principal %q is none that an account can be found by", principal)
	}
	name, realm := principal[:at], principal[at+1:]
	if len(l) == 0 {
		return nil, nil
	}
	n := slices.IndexFunc(l, func(r Realm) bool {
		return r.Name == realm || r.Domain != "" && strings.EqualFold(r.Name, realm)
	})
	switch {
	case n < 0:
		return nil, fmt.Errorf("the realm of %s is not one that is taken", principal)
	case l[n].Domain == "":
		return nil, nil
	case strings.Contains(name, "/"):
		return []string{name + "@" + l[n].Name}, nil
	}
	return []string{name + "@" + l[n].Name, l[n].Domain + `\` + name, l[n].Name + `\` + name}, nil
}
