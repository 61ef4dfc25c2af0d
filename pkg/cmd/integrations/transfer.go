package integrations

import (
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// transferJSON is a record in an export: what an import takes, and no secret.
type transferJSON struct {
	Name          string   `json:"name"`
	Description   string   `json:"description"`
	Active        bool     `json:"active"`
	Auth          string   `json:"auth"`
	Account       string   `json:"account"`
	AllowedIPs    []string `json:"allowed_ips"`
	Reason        string   `json:"reason"`
	Hours         float64  `json:"hours"`
	Comment       string   `json:"comment"`
	Justification string   `json:"skip_approval_justification"`
	Until         string   `json:"skip_approval_until"`
	Grants        []string `json:"grants"`
}

func newTransferJSON(i vault.Integration) transferJSON {
	return transferJSON{
		Name: i.Name, Description: i.Description, Active: i.Active, Auth: string(i.Auth), Account: i.Account, AllowedIPs: addresses(i.Allowed),
		Reason: i.Reason, Hours: i.Hours.Hours(), Comment: i.Comment, Justification: i.Skip.Justification, Until: day(i.Skip.Until), Grants: patterns(i.Grants),
	}
}

// column is a field of an export and of an import, by the name that both give it.
type column struct {
	name string
	flag string // that takes its value
	cell func(vault.Integration) any
	take func(f *Fields, values []string) // one value, but for lists
}

func columns() []column {
	one := func(to func(*Fields) *string) func(*Fields, []string) {
		return func(f *Fields, values []string) { *to(f) = values[0] }
	}
	return []column{
		{"name", "name", func(i vault.Integration) any { return i.Name }, one(func(f *Fields) *string { return &f.Name })},
		{"description", "description", func(i vault.Integration) any { return i.Description }, one(func(f *Fields) *string { return &f.Description })},
		{"active", "active", func(i vault.Integration) any { return i.Active }, one(func(f *Fields) *string { return &f.Active })},
		{"auth", "auth", func(i vault.Integration) any { return string(i.Auth) }, one(func(f *Fields) *string { return &f.Auth })},
		{"account", "account", func(i vault.Integration) any { return i.Account }, one(func(f *Fields) *string { return &f.Account })},
		{"allowed_ips", "allow-ip", func(i vault.Integration) any { return addresses(i.Allowed) }, func(f *Fields, values []string) { f.AllowIP = values }},
		{"reason", "reason", func(i vault.Integration) any { return i.Reason }, one(func(f *Fields) *string { return &f.Reason })},
		{"hours", "hours", func(i vault.Integration) any { return vault.FormatHours(i.Hours) }, one(func(f *Fields) *string { return &f.Hours })},
		{"comment", "comment", func(i vault.Integration) any { return i.Comment }, one(func(f *Fields) *string { return &f.Comment })},
		{"skip_approval_justification", "skip-approval-justification", func(i vault.Integration) any { return i.Skip.Justification }, one(func(f *Fields) *string { return &f.Justification })},
		{"skip_approval_until", "skip-approval-until", func(i vault.Integration) any { return i.Skip.Until }, one(func(f *Fields) *string { return &f.Until })},
		{"grants", "grant", func(i vault.Integration) any { return patterns(i.Grants) }, func(f *Fields, values []string) { f.Grant = values }},
	}
}

// isList reports whether the column holds several values.
func (c column) isList() bool { return c.name == "allowed_ips" || c.name == "grants" }

func exportList() render.List[vault.Integration] {
	list := render.List[vault.Integration]{JSON: func(i vault.Integration) any { return newTransferJSON(i) }, Empty: "no integration fits"}
	for _, c := range columns() {
		list.Columns = append(list.Columns, render.Column[vault.Integration]{Name: c.name, Cell: c.cell})
	}
	return list
}
