package api

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

// admissionDoc is the answer to a log-in, before the token.
type admissionDoc struct {
	Type        string         `json:"token_type"`
	Expires     time.Time      `json:"expires_at"`
	Seconds     int64          `json:"expires_in"`
	Integration integrationDoc `json:"integration"`
}

// integrationDoc is what an application may know of its own record.
type integrationDoc struct {
	Name  string  `json:"name"`
	Hours float64 `json:"max_hours"`
}

// logIn lets an application in, by the name and credential in the body or by the
// Kerberos token in the Authorization header.
func (a *API) logIn(c *call) error {
	admitted, err := c.admission()
	if err != nil {
		return err
	}
	defer admitted.Token.Wipe()
	c.who = &admitted.Integration
	doc := admissionDoc{
		Type: "Bearer", Expires: admitted.Expires, Seconds: int64(admitted.Expires.Sub(a.Clock()).Seconds()),
		Integration: integrationDoc{Name: admitted.Integration.Name, Hours: admitted.Integration.Hours.Hours()},
	}
	body, err := marshal(doc)
	if err == nil {
		c.withSecret(http.StatusOK, body, "token", admitted.Token)
	}
	return err
}

func (c *call) admission() (vault.Admission, error) {
	if values := c.r.Header.Values("Authorization"); len(values) > 0 {
		return c.negotiated(values)
	}
	var name string
	var credential secret.Value
	text, err := c.text()
	if err != nil {
		return vault.Admission{}, err
	}
	if len(text) == 0 {
		return vault.Admission{}, c.unproven()
	}
	defer clear(text)
	if err := parseObject(text, members{{name: "name", into: &name}, {name: "credential", into: &credential}}, []string{"name", "credential"}); err != nil {
		return vault.Admission{}, err
	}
	defer credential.Wipe()
	ctx, cancel := c.lasting()
	defer cancel()
	return c.api.LogIn(ctx, c.door, name, credential)
}

// unproven asks for a proof.
func (c *call) unproven() error {
	if c.api.Negotiate != nil {
		c.w.Header().Set("WWW-Authenticate", "Negotiate")
	}
	return errUnauthenticated
}

func (c *call) negotiated(values []string) (vault.Admission, error) {
	scheme, text, _ := strings.Cut(values[0], " ")
	if c.api.Negotiate == nil || len(values) > 1 || !strings.EqualFold(scheme, "Negotiate") {
		return vault.Admission{}, c.unproven()
	}
	token, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(token) == 0 {
		return vault.Admission{}, c.unproven()
	}
	if err := c.noBody(); err != nil {
		return vault.Admission{}, err
	}
	ctx, cancel := c.lasting()
	defer cancel()
	admitted, reply, err := c.api.Negotiate(ctx, c.door, token)
	if len(reply) > 0 {
		c.w.Header().Set("WWW-Authenticate", "Negotiate "+base64.StdEncoding.EncodeToString(reply))
	}
	return admitted, err
}

// logOut ends the token that the call brings.
func (a *API) logOut(c *call) error {
	token, err := c.bearer()
	if err != nil {
		return err
	}
	defer token.Wipe()
	if err := c.noBody(); err != nil {
		return err
	}
	ctx, cancel := c.lasting()
	defer cancel()
	if err := a.Vault.LogOut(ctx, c.door, token); err != nil {
		return err
	}
	return c.nothing()
}
