package redim

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
)

// errDenial marks an answer that denies that anything was done. Where it gives
// no reason it is also pam.ErrVague, and a stale token may be the reason.
var errDenial = errors.New("the service did not do it")

// errNoOperation marks an answer that there is no such operation.
var errNoOperation = errors.New("there is no such operation")

// refusal classifies an answer that is not 200: by its status, never by words.
func (c *Client) refusal(op *dialect.Operation, resp *http.Response) error {
	status := resp.StatusCode
	switch {
	case (status == http.StatusNotFound || status == http.StatusMethodNotAllowed) && !isJSON(resp):
		return c.noSuchOperation(op, status)
	case status == http.StatusTooManyRequests:
		f := pam.Failf(pam.ErrUnreachable, "the service has too much to do: it answers %s with %d", op.Name, status).WithHint("lower max_parallel, or try again later")
		f.Err = errDenial
		return f
	case status == http.StatusProxyAuthRequired:
		f := pam.Failf(pam.ErrUnreachable, "a proxy on the way asks for a password: it answers %s with %d", op.Name, status).
			WithHint("put the service's host into NO_PROXY, or name a proxy in HTTPS_PROXY that lets this machine through")
		f.Err = errDenial
		return f
	case status >= 500:
		return outOfOrder(op, status)
	case status >= 400:
		return c.denial(op, strconv.Itoa(status), resp)
	}
	return pam.Failf(pam.ErrProtocol, "%s is answered with %d, which means nothing here", op.Name, status).WithHint("check endpoint_url")
}

// isJSON reports whether the service itself wrote the body, in the form of the
// operation.
func isJSON(resp *http.Response) bool {
	t := mediaType(resp)
	return t == "application/json" || t == "text/json"
}

func (c *Client) noSuchOperation(op *dialect.Operation, status int) error {
	f := pam.Failf(pam.ErrProtocol, "the service has no operation %s (%d) at %s", op.Name, status, c.place(op))
	f.Err = errors.Join(errDenial, errNoOperation)
	if op.Attested.Public() {
		return f.WithHint("check endpoint_url, and with redim dialect probe which interfaces the service has; %s", addressHint)
	}
	return f.WithHint("this name is ours, and public nowhere: redim dialect probe, or the help page %s, may show the real one, for dialect_operations.%s", c.helpAddress(op.Base), op.Key)
}

// denial is the failure that a status, or other, stands for.
func (c *Client) denial(op *dialect.Operation, status string, resp *http.Response) *pam.Failure {
	class, vague := classOf(op, status)
	f := pam.Failf(class, "%s", c.says(class, op, resp.StatusCode)).WithHint("%s", c.hint(class, op, vague, resp))
	f.Err = errDenial
	if vague {
		f.Err = errors.Join(errDenial, pam.ErrVague)
	}
	return f
}

// classOf is the failure that a status stands for in answer to op, and whether
// the status leaves open which one it is.
func classOf(op *dialect.Operation, status string) (class pam.Class, vague bool) {
	if own, ok := op.Refused[status]; ok {
		return pam.Class(own), status == "other"
	}
	if status == "401" {
		return pam.ErrTokenRefused, false
	}
	if own, ok := op.Refused["other"]; ok {
		return pam.Class(own), true
	}
	switch status {
	case "403":
		return pam.ErrDenied, false
	case "404", "410":
		return pam.ErrNotFound, false
	case "409", "423":
		return pam.ErrCheckedOut, false
	case "405", "406", "411", "413", "414", "415":
		return pam.ErrProtocol, false
	}
	return pam.ErrDenied, true
}

// says is what was refused, in words.
func (c *Client) says(class pam.Class, op *dialect.Operation, status int) string {
	how := " (" + op.Name + " answers " + strconv.Itoa(status) + ")"
	switch class {
	case pam.ErrDelegationRefused:
		return "the service refuses to sign in " + c.delegation.String() + how
	case pam.ErrNoImpersonation:
		return c.delegation.String() + " may not act as the user" + how
	case pam.ErrUserUnknown:
		return "the service knows no such user" + how
	case pam.ErrTokenRefused:
		return "the service refuses the token" + how
	case pam.ErrCheckedOut:
		return "someone else has it checked out" + how
	case pam.ErrNotFound:
		return "the service does not find it" + how
	case pam.ErrSpinNotPermitted:
		return "the user may not work with password-change jobs" + how
	case pam.ErrDenied:
		return "the service refuses it" + how
	}
	return "the service refuses the request" + how
}

// hint says how to mend it.
func (c *Client) hint(class pam.Class, op *dialect.Operation, vague bool, resp *http.Response) string {
	switch class {
	case pam.ErrDelegationRefused:
		return c.logInHint(op, resp)
	case pam.ErrNoImpersonation:
		if vague {
			return "the service does not say which: the user is unknown to RED IM, or no impersonation mapping leads from " + c.delegation.String() + " to it (Delegation menu)"
		}
		return "add an impersonation mapping from " + c.delegation.String() + " to the user or its role (Delegation menu)"
	case pam.ErrUserUnknown:
		return "check the spelling, and default_domain, fallback_to_local and domain_map"
	case pam.ErrTokenRefused:
		return "sign in again; if that keeps failing, compare the clocks and clear the cache with: redim cache clear"
	case pam.ErrCheckedOut:
		return "wait until it is checked in, or ask the holder; an administrator may force the check-in"
	case pam.ErrNotFound:
		return "check the name, and that it was not removed in the meantime"
	case pam.ErrSpinNotPermitted:
		return "give the user the permission All Access, or switch spin_jobs off"
	case pam.ErrProtocol:
		return "the service may be of another version; compare redim dialect show with its help page, " + c.helpAddress(op.Base).String()
	}
	if vague {
		return "the service does not say why: a missing permission, someone else's check-out, or a request in a form that this installation does not know (compare its help page, " + c.helpAddress(op.Base).String() + ")"
	}
	return "give the user the permission for it (Delegation menu)"
}

// outOfOrder is the failure of a service that can't. What stands in front of it
// says so with one of three statuses; with the others it speaks for one
// operation only.
func outOfOrder(op *dialect.Operation, status int) error {
	f := pam.Failf(pam.ErrUnreachable, "the service is out of order: it answers %s with %d", op.Name, status).
		WithHint("try again later; the service's own log and Windows event log tell more")
	switch status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		f.Err = errAnswered
	}
	return f
}

const windowsHint = "the web server itself asks for Windows authentication: set sign_in=kerberos, or use an application that allows anonymous access, often named ERPMWebService_anon"

func (c *Client) logInHint(op *dialect.Operation, resp *http.Response) string {
	if resp.StatusCode == http.StatusUnauthorized && resp.Header.Get("WWW-Authenticate") != "" && c.signIn != SignInWindows {
		return windowsHint
	}
	switch {
	case resp.StatusCode == http.StatusForbidden:
		return "it may lack the permission Logon, or have as many live tokens as it may: end those that nobody needs with redim cache clear --logout, or wait until they expire"
	case c.signIn == SignInCertificate:
		return "check that RED IM knows the certificate in tls.client_cert as one of " + c.delegation.String() + ", and that no proxy on the way takes it off"
	case c.signIn == SignInWindows:
		return "check that RED IM knows the Windows account as an identity; the body of this log-in is a guess: compare the service's help page, " + c.helpAddress(op.Base).String() + ", and set dialect_operations.log_in_windows"
	case c.mfaCode != nil:
		return "check api_user, api_password and authenticator, and that the code is the present one; each is good for one log-in"
	case c.delegation.Domain == "":
		return "check api_user and api_password; an empty authenticator means an explicit account, a domain account needs authenticator; an identity that needs a one-time code needs mfa_code too"
	}
	return "check api_user, api_password and authenticator (usually the NetBIOS name of the domain); an identity that needs a one-time code needs mfa_code too"
}
