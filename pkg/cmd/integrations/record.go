package integrations

import (
	"net/netip"
	"time"

	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// recordJSON is an integration in JSON and YAML. It has no secret: of the
// credential it tells the kind.
type recordJSON struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Description   string    `json:"description"`
	Active        bool      `json:"active"`
	Auth          string    `json:"auth"`
	Account       string    `json:"account"`
	Credential    string    `json:"credential"` // none, typed or generated
	AllowedIPs    []string  `json:"allowed_ips"`
	Reason        string    `json:"reason"`
	Hours         float64   `json:"hours"`
	Comment       string    `json:"comment"`
	Justification string    `json:"skip_approval_justification"`
	Until         time.Time `json:"skip_approval_until,omitzero"`
	Grants        []string  `json:"grants"`
	Version       int64     `json:"version"`
	Created       time.Time `json:"created,omitzero"`
	CreatedBy     string    `json:"created_by"`
	Changed       time.Time `json:"changed,omitzero"`
	ChangedBy     string    `json:"changed_by"`
}

func newRecordJSON(i vault.Integration) recordJSON {
	return recordJSON{
		ID: i.ID, Name: i.Name, Description: i.Description, Active: i.Active, Auth: string(i.Auth), Account: i.Account,
		Credential: proofWord(i.Proof), AllowedIPs: addresses(i.Allowed), Reason: i.Reason, Hours: i.Hours.Hours(), Comment: i.Comment,
		Justification: i.Skip.Justification, Until: i.Skip.Until, Grants: patterns(i.Grants),
		Version: i.Version, Created: i.Created, CreatedBy: i.CreatedBy, Changed: i.Changed, ChangedBy: i.ChangedBy,
	}
}

func proofWord(p vault.Proof) string {
	switch p.Kind {
	case vault.ProofNone:
		return "none"
	case vault.ProofSHA256:
		return "generated"
	}
	return "typed"
}

func addresses(list []netip.Prefix) []string { return texts(list, vault.FormatAllowed) }

func patterns(list []vault.Pattern) []string { return texts(list, vault.Pattern.String) }

func texts[T any](list []T, text func(T) string) []string {
	out := make([]string, len(list))
	for n, t := range list {
		out[n] = text(t)
	}
	return out
}

// proves tells what the integration authenticates with.
func proves(i vault.Integration) string {
	if i.Auth == vault.AuthWindows {
		return i.Account
	}
	return proofWord(i.Proof)
}

func fields(i vault.Integration) []render.Field {
	return []render.Field{
		{Name: "Name", Value: i.Name}, {Name: "ID", Value: i.ID}, {Name: "Description", Value: i.Description}, {Name: "Active", Value: i.Active},
		{Name: "Authentication", Value: string(i.Auth)}, {Name: "Credential", Value: proves(i)}, {Name: "Allowed addresses", Value: addresses(i.Allowed)},
		{Name: "Reason", Value: i.Reason}, {Name: "Hours", Value: vault.FormatHours(i.Hours)}, {Name: "Comment", Value: i.Comment},
		{Name: "Skips approval because", Value: i.Skip.Justification}, {Name: "Skips approval until", Value: i.Skip.Until},
		{Name: "Grants", Value: patterns(i.Grants)}, {Name: "Version", Value: i.Version},
		{Name: "Created", Value: i.Created}, {Name: "Created by", Value: i.CreatedBy}, {Name: "Changed", Value: i.Changed}, {Name: "Changed by", Value: i.ChangedBy},
	}
}

func recordList(next string) render.List[vault.Integration] {
	type item = vault.Integration
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "NAME", Cell: func(i item) any { return i.Name }},
			{Name: "ACTIVE", Cell: func(i item) any { return i.Active }},
			{Name: "AUTH", Cell: func(i item) any { return string(i.Auth) }},
			{Name: "CREDENTIAL", Cell: func(i item) any { return proves(i) }},
			{Name: "ADDRESSES", Cell: func(i item) any { return addresses(i.Allowed) }},
			{Name: "HOURS", Cell: func(i item) any { return vault.FormatHours(i.Hours) }},
			{Name: "GRANTS", Cell: func(i item) any { return patterns(i.Grants) }},
			{Name: "DESCRIPTION", Cell: func(i item) any { return i.Description }},
			{Name: "ID", Cell: func(i item) any { return i.ID }},
		},
		JSON:  func(i item) any { return newRecordJSON(i) },
		Empty: "no integration fits",
		Next:  next,
	}
}
