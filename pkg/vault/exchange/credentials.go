package exchange

import (
	"io"
	"strings"

	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/secret"
	"github.com/redim-tools/redim/pkg/vault"
)

func credentialColumns() []string {
	return []string{"system", "account", "kind", "description", "policy", "access", "endpoints", "secret"}
}

// ReadCredentials reads a CSV file of credentials. The columns system and
// account must be there; endpoints are separated by |. A failure names the line.
func ReadCredentials(in io.Reader) ([]vault.CredentialRow, error) {
	table, err := readTable(in, credentialColumns(), []string{"system", "account"})
	if err != nil {
		return nil, err
	}
	out := make([]vault.CredentialRow, len(table))
	for n, r := range table {
		if out[n], err = credentialRow(r); err != nil {
			return nil, atLine(r.line, err)
		}
	}
	return out, nil
}

func credentialRow(r row) (vault.CredentialRow, error) {
	out := vault.CredentialRow{Line: r.line, CredentialEdit: vault.CredentialEdit{
		System: r.text("system"), Account: r.text("account"), Description: r.text("description"), Policy: r.text("policy"),
	}}
	if _, _, err := vault.ParseRef(*out.System + "/" + *out.Account); err != nil {
		return out, err
	}
	if text := r.text("kind"); text != nil {
		kind, err := vault.ParseKind(*text)
		if err != nil {
			return out, err
		}
		out.Kind = &kind
	}
	if text := r.text("access"); text != nil {
		access, err := vault.ParseAccess(*text)
		if err != nil {
			return out, err
		}
		out.Access = &access
	}
	if text := r.text("endpoints"); text != nil {
		list := split(*text)
		out.Endpoints = &list
	}
	if text := r.text("secret"); text != nil {
		if *text == "" {
			return out, pam.Failf(pam.ErrUsage, "the secret is empty").WithHint("give each row its secret, or leave the column out")
		}
		out.Secret = secret.FromString(*text)
	}
	return out, nil
}

// split reads a list in one cell.
func split(cell string) []string {
	var out []string
	for part := range strings.SplitSeq(cell, "|") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
