package redim

import (
	"context"
	"errors"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/redim/dialect"
)

// CheckOut obtains a credential's secret. It is never repeated after the
// request may have arrived: a failure from then on is also pam.ErrUncertain.
func (c *Client) CheckOut(ctx context.Context, as pam.Identity, cred pam.Credential, comment string) (pam.Release, error) {
	var release pam.Release
	err := c.ask(ctx, as, store(cred)+"_check_out", credentialParams(cred, comment), func(op *dialect.Operation, reply []byte) error {
		password, err := op.Secret(reply)
		if err == nil && password.IsEmpty() {
			err = op.Missing("a text in " + op.Reply.At)
		}
		release = pam.Release{Secret: password, Expires: op.Expires(reply)}
		return err
	})
	if err != nil {
		return pam.Release{}, of(cred, err)
	}
	return release, nil
}

// Read obtains a credential's secret without checking it out, whoever holds it.
// ErrDenied without the permission for that.
func (c *Client) Read(ctx context.Context, as pam.Identity, cred pam.Credential) (pam.Release, error) {
	var release pam.Release
	err := c.ask(ctx, as, "stored_read", credentialParams(cred, ""), func(op *dialect.Operation, reply []byte) error {
		password, err := op.Secret(reply)
		if err == nil && password.IsEmpty() {
			err = op.Missing("a text in " + op.Reply.At)
		}
		release.Secret = password
		return err
	})
	if err != nil {
		return pam.Release{}, of(cred, err)
	}
	return release, nil
}

// CheckIn gives a credential back. ErrNotFound when it was not checked out. An
// answer that may come from something else in the service's place is a failure
// that is also pam.ErrUncertain.
func (c *Client) CheckIn(ctx context.Context, as pam.Identity, cred pam.Credential, comment string) error {
	err := c.ask(ctx, as, store(cred)+"_check_in", credentialParams(cred, comment), (*dialect.Operation).Acknowledged)
	return of(cred, err)
}

func store(cred pam.Credential) string {
	if cred.Kind == pam.KindShared {
		return "shared"
	}
	return "stored"
}

// credentialParams names a credential in both of the service's ways.
func credentialParams(cred pam.Credential, comment string) dialect.Params {
	account := cred.Account
	if cred.Kind == pam.KindDomain && cred.Namespace != "" {
		account = cred.Namespace + `\` + cred.Account
	}
	return dialect.Params{
		"comment": comment, "account": account, "system": cred.System, "namespace": cred.Namespace, "list": cred.List,
		"target": or(cred.Target, cred.Type.TargetName(cred.System, "")), "type": int64(cred.Type), "custom_type": cred.CustomType,
	}
}

// of says which credential a failure is about.
func of(cred pam.Credential, err error) error {
	if f, ok := errors.AsType[*pam.Failure](err); ok {
		f.Message = cred.Ref() + ": " + f.Message
	}
	return err
}
