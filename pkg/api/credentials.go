package api

import (
	"net/http"

	"github.com/redim-tools/redim/pkg/vault"
)

// listDoc is one page of a list.
type listDoc[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"` // cursor of the next page; empty: this was the last
}

// listOf makes a page of documents.
func listOf[T, D any](page vault.Page[T], doc func(T) D) listDoc[D] {
	out := listDoc[D]{Items: make([]D, 0, len(page.Items)), Next: page.Next}
	for _, item := range page.Items {
		out.Items = append(out.Items, doc(item))
	}
	return out
}

// credentialDoc is a credential that may be checked out, without its secret.
type credentialDoc struct {
	System      string  `json:"system"`
	Account     string  `json:"account"`
	Kind        string  `json:"kind"`
	Description string  `json:"description,omitempty"`
	Approval    bool    `json:"approval"` // somebody has to approve first
	Hours       float64 `json:"max_hours"`
}

func newCredentialDoc(o vault.Offer) credentialDoc {
	c := o.Credential
	return credentialDoc{System: c.System, Account: c.Account, Kind: string(c.Kind), Description: c.Description, Approval: o.Approval, Hours: o.Longest.Hours()}
}

// credentials lists what the caller may check out.
func (a *API) credentials(c *call) error {
	q, err := c.query("system", "account", "limit", "cursor")
	if err != nil {
		return err
	}
	var criteria vault.CredentialCriteria
	if criteria.Paging, err = pageOf(q); err != nil {
		return err
	}
	if criteria.Match, err = matchOf(q["system"], q["account"]); err != nil {
		return err
	}
	page, err := a.Vault.Offers(c.r.Context(), *c.who, criteria, q["cursor"])
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, listOf(page, newCredentialDoc))
}

// matchOf is the pattern of system/account that two parameters make. Each may
// hold stars; an empty one fits all.
func matchOf(system, account string) (vault.Match, error) {
	if system == "" && account == "" {
		return vault.Match{}, nil
	}
	if system == "" {
		system = "*"
	}
	if account == "" {
		account = "*"
	}
	m, err := vault.ParseMatch(system + "/" + account)
	if err == nil && len(m.Parts) == 0 && m.Part != "" {
		m = vault.Match{Parts: []string{m.Part}} // the whole name, not a part of it
	}
	return m, err
}
