package redimtest

import (
	"slices"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
)

// The log-in types of the service.
const (
	loginExplicit    = 1
	loginQualified   = 2
	loginWindows     = 3 // a guess, as in the dialects
	loginCertificate = 4
)

func loginOperations() []*operation {
	account := []field{text("Username"), text("Password"), number("LoginType"), text("Authenticator"), text("MFATokenCode")}
	target := []field{text("Username"), text("Authenticator"), number("LoginType")}
	return []*operation{
		{name: "DoLogin", request: account, login: true, bare: true, run: doLogin, resources: post("Login")},
		{name: "DoLogin2", request: account, login: true, newest: true, run: doLogin2},
		{name: "DoLoginImpersonated", request: target, signed: true, login: true, run: doLoginImpersonated},
		{name: "DoLogout", signed: true, run: doLogout, resources: post("Logout")},
	}
}

func doLogin(c *call) (any, error) {
	who, err := c.authenticate()
	if err != nil {
		return nil, err
	}
	token, err := c.signIn(who, nil, c.loginCert())
	if err != nil {
		return nil, err
	}
	c.tally.delegation++
	c.events.add(event{number: 3016, at: c.now, login: who.id.String(), address: c.address, text: "web application login"})
	return token, nil
}

func doLogin2(c *call) (any, error) {
	token, err := doLogin(c)
	if err != nil {
		return nil, err
	}
	return record(member{"OperationMessage", token}, member{"OperationSucceeded", true}), nil
}

// loginCert ties a session to the certificate it was made with.
func (c *call) loginCert() [32]byte {
	if c.in.num("LoginType") == loginCertificate {
		return c.cert
	}
	return [32]byte{}
}

func (c *call) authenticate() (*identity, error) {
	switch kind := c.in.num("LoginType"); kind {
	case loginExplicit, loginQualified:
		who := c.identity(c.in.str("Username"), c.in.str("Authenticator"), kind)
		if who == nil || !sameSecret(who.password, c.in.str("Password")) {
			return nil, refuse(badLogin, "the user name or the password is wrong")
		}
		if err := who.takeCode(c.in.str("MFATokenCode")); err != nil {
			return nil, err
		}
		return who, who.checkLogon()
	case loginWindows:
		who := c.ofPrincipal(c.windows)
		if who == nil {
			return nil, refuse(badLogin, "no identity belongs to the Windows account")
		}
		return who, who.checkLogon()
	case loginCertificate:
		who := c.identities[parseIdentity(c.subject).Fold()]
		if c.subject == "" || who == nil || !who.certificate {
			return nil, refuse(badLogin, "no identity belongs to the client certificate")
		}
		return who, who.checkLogon()
	default:
		return nil, refuse(badRequest, "login type %d is not supported", kind)
	}
}

// takeCode uses a one-time code up.
func (i *identity) takeCode(code string) error {
	if !i.mfa {
		return nil
	}
	at := slices.IndexFunc(i.mfaCodes, func(v secret.Value) bool { return sameSecret(v, code) })
	if at < 0 {
		return refuse(badLogin, "the one-time code is missing or wrong")
	}
	i.mfaCodes = slices.Delete(i.mfaCodes, at, at+1)
	return nil
}

// ofPrincipal finds who NAME@REALM is: an identity of that principal, or the
// account of the domain that the realm is of.
func (m *model) ofPrincipal(principal string) *identity {
	if principal == "" {
		return nil
	}
	for _, id := range m.identities {
		if strings.EqualFold(id.principal, principal) {
			return id
		}
	}
	name, realm, _ := strings.Cut(principal, "@")
	if d := m.domains[strings.ToLower(realm)]; d != nil {
		return m.identities[pam.Identity{Domain: d.netbios, Name: name}.Fold()]
	}
	return nil
}

func (i *identity) checkLogon() error {
	if !i.permissions.has(permLogon) {
		return refuse(denied, "%s may not log on", i.id)
	}
	return nil
}

// doLoginImpersonated signs in as another identity. The session runs as that
// one, and has no rights of the identity that asked.
func doLoginImpersonated(c *call) (any, error) {
	kind := c.in.num("LoginType")
	if kind != loginExplicit && kind != loginQualified {
		return nil, refuse(badRequest, "login type %d can not be impersonated", kind)
	}
	target := c.identity(c.in.str("Username"), c.in.str("Authenticator"), kind)
	if target == nil {
		return nil, refuse(unknownOne, "no identity is named %s", strings.TrimPrefix(c.in.str("Authenticator")+`\`+c.in.str("Username"), `\`))
	}
	if !c.mayImpersonate(c.who, target) {
		return nil, refuse(noMapping, "%s has no impersonation mapping to %s", c.who.id, target.id)
	}
	if err := target.checkLogon(); err != nil {
		return nil, err
	}
	token, err := c.signIn(target, c.who, c.loginCert())
	if err != nil {
		return nil, err
	}
	c.tally.impersonated++
	c.events.add(event{number: 3016, at: c.now, login: c.who.id.String(), address: c.address, text: "web application login (Impersonating user " + target.id.String() + ")"})
	return record(member{"OperationMessage", token}, member{"OperationSucceeded", true}), nil
}

func doLogout(c *call) (any, error) {
	delete(c.sessions, digest([]byte(c.token)))
	return void{}, nil
}
