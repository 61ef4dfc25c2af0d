package redim

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
	"github.com/redim-tools/redim/pkg/secret"
)

// trusted is how long a vague denial is not blamed on a token that this
// process obtained by a log-in.
const trusted = time.Minute

// as asks the service as an identity. When its token is refused, it is dropped
// and the question put once more with a new one.
func (c *Client) as(ctx context.Context, id pam.Identity, k call) error {
	h, err := c.token(ctx, id)
	if err != nil {
		return err
	}
	if err = c.with(ctx, h, k); !c.blames(h, k.key, err) {
		return err
	}
	c.memo.drop(id, h.token.Value)
	if err := c.tokens.Drop(ctx, id, h.token.Value); err != nil {
		return err
	}
	old := h
	if h, err = c.token(ctx, id); err != nil {
		return err
	}
	err = c.with(ctx, h, k)
	if errors.Is(err, pam.ErrVague) {
		_ = c.Logout(ctx, old.token.Value) // it was not to blame, so it may live on, and the number of live ones has a limit
	}
	return err
}

func (c *Client) with(ctx context.Context, h held, k call) error {
	k.params["token"] = h.token.Value
	return c.do(ctx, k)
}

// blames reports whether a failure is reason to try another token. A plain
// refusal of the token always is. A vague one may have that reason too, unless
// the token is new; and as it may have others, a check-out is not repeated.
func (c *Client) blames(h held, key string, err error) bool {
	switch {
	case errors.Is(err, pam.ErrTokenRefused):
		return true
	case !errors.Is(err, pam.ErrVague) || strings.HasSuffix(key, "_check_out"):
		return false
	}
	return h.issued.IsZero() || c.now().Sub(h.issued) >= trusted
}

// token finds the identity's token: in this process, in the store, or by a
// log-in.
func (c *Client) token(ctx context.Context, id pam.Identity) (held, error) {
	if h, ok := c.memo.live(id, c.now()); ok {
		return h, nil
	}
	unlock, err := c.memo.lock(ctx, id)
	if err != nil {
		return held{}, err
	}
	defer unlock()
	if h, ok := c.memo.live(id, c.now()); ok {
		return h, nil
	}
	return c.fetch(ctx, id)
}

func (c *Client) fetch(ctx context.Context, id pam.Identity) (held, error) {
	var h held
	token, err := c.tokens.Token(ctx, id, func(ctx context.Context) (pam.Token, error) {
		h.issued = c.now()
		return c.logIn(ctx, id)
	})
	if err != nil {
		return held{}, err
	}
	h.token = token
	c.memo.put(id, h)
	return h, nil
}

func (c *Client) logIn(ctx context.Context, id pam.Identity) (pam.Token, error) {
	if id.Equal(c.delegation) {
		return c.logInDelegation(ctx)
	}
	return c.logInAs(ctx, id)
}

func (c *Client) logInDelegation(ctx context.Context) (pam.Token, error) {
	var token pam.Token
	question := call{key: c.logInKey(), params: dialect.Params{"user": c.delegation.Name, "authenticator": c.delegation.Domain}, read: c.readToken(&token)}
	if c.logInKey() == "log_in" {
		params, err := c.passwordParams(ctx)
		if err != nil {
			return token, err
		}
		question.params = params
	}
	err := c.do(ctx, question)
	return token, err
}

// logInKey is the operation of the way to sign in.
func (c *Client) logInKey() string {
	switch c.signIn {
	case SignInCertificate:
		return "log_in_certificate"
	case SignInWindows:
		return "log_in_windows"
	}
	return "log_in"
}

func (c *Client) passwordParams(ctx context.Context) (dialect.Params, error) {
	params := identityParams(c.delegation)
	password, err := c.askPassword(ctx)
	if err != nil {
		return nil, err
	}
	code, err := c.askCode(ctx)
	params["password"], params["mfa_code"] = password, code
	return params, err
}

// askCode asks for a one-time code, as late as can be.
func (c *Client) askCode(ctx context.Context) (secret.Value, error) {
	if c.mfaCode == nil {
		return secret.Value{}, nil
	}
	code, err := c.mfaCode(ctx)
	switch {
	case err != nil:
		return code, ofSetting("mfa_code", err)
	case code.Reveal(checkUTF8) != nil:
		return code, pam.Failf(pam.ErrUsage, "mfa_code is not text").WithHint("check the source that mfa_code names")
	}
	return code, nil
}

func (c *Client) askPassword(ctx context.Context) (secret.Value, error) {
	if c.password == nil {
		return secret.Value{}, pam.Failf(pam.ErrUsage, "api_password is not set").WithHint("set api_password to a source such as env:NAME or file:PATH")
	}
	password, err := c.password(ctx)
	switch {
	case err != nil:
		return password, ofSetting("api_password", err)
	case password.IsEmpty():
		return password, pam.Failf(pam.ErrUsage, "api_password is empty").WithHint("check the source that api_password names")
	case password.Reveal(checkUTF8) != nil:
		return password, pam.Failf(pam.ErrUsage, "api_password is not UTF-8 text").WithHint("save the password as UTF-8 where its source keeps it")
	}
	return password, nil
}

// ofSetting makes a failure to find a secret one of the settings. What the place
// of a secret says must not be taken for an answer of the service.
func ofSetting(key string, err error) error {
	f, ok := errors.AsType[*pam.Failure](err)
	if !ok || f.Class == pam.ErrInterrupted || f.Class == pam.ErrOther {
		return err
	}
	return &pam.Failure{Class: pam.ErrUsage, Message: key + ": " + f.Message, Hint: f.Hint}
}

func checkUTF8(b []byte) error {
	if !utf8.Valid(b) {
		return pam.ErrUsage
	}
	return nil
}

// logInAs signs in as someone else, by the delegation identity's token.
func (c *Client) logInAs(ctx context.Context, id pam.Identity) (pam.Token, error) {
	var token pam.Token
	err := c.as(ctx, c.delegation, call{key: "log_in_as", params: identityParams(id), read: c.readToken(&token)})
	if f, ok := errors.AsType[*pam.Failure](err); ok && (f.Class == pam.ErrNoImpersonation || f.Class == pam.ErrUserUnknown) {
		f.Message = id.String() + ": " + f.Message
	}
	return token, err
}

// Login types of the service (wire protocol, section 2.2).
const (
	loginExplicit  int64 = 1
	loginQualified int64 = 2
)

func identityParams(id pam.Identity) dialect.Params {
	kind := loginQualified
	if id.Domain == "" {
		kind = loginExplicit
	}
	return dialect.Params{"user": id.Name, "authenticator": id.Domain, "login_type": kind}
}

// readToken takes the token out of a log-in's reply. A reply without one is a
// refusal.
func (c *Client) readToken(token *pam.Token) func(*dialect.Operation, []byte) error {
	return func(op *dialect.Operation, reply []byte) error {
		value, err := op.Secret(reply)
		if err != nil {
			return err
		}
		if value.IsEmpty() {
			return c.denial(op, "other", &http.Response{StatusCode: http.StatusOK})
		}
		*token = pam.Token{Value: value, Issued: c.now()}
		return nil
	}
}

// SignIn makes sure that the delegation identity has a token. It acts as
// nobody.
func (c *Client) SignIn(ctx context.Context) error {
	_, err := c.token(ctx, c.delegation)
	return err
}

// Logout ends a token's session at the service.
func (c *Client) Logout(ctx context.Context, token secret.Value) error {
	return c.do(ctx, call{key: "log_out", params: dialect.Params{"token": token}, read: ignore})
}

func ignore(*dialect.Operation, []byte) error { return nil }
