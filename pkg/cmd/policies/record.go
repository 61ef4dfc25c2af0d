package policies

import (
	"time"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// Result shows the policy that came out.
type Result struct{ vaultcli.Result }

func newResult(app *vaultcli.App) Result { return Result{vaultcli.NewResult(app)} }

// show writes the record when a format asks for it.
func (r *Result) show(p vault.Policy) error {
	if r.Output == "" {
		return nil
	}
	return r.write(p)
}

func (r *Result) write(p vault.Policy) error {
	return r.One(newRecordJSON(p), fields(p))
}

// recordJSON is a policy as every command here shows it.
type recordJSON struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Approvals   int       `json:"approvals"`
	Approvers   []string  `json:"approvers"`
	Timeout     float64   `json:"timeout_hours"`
	Then        string    `json:"then"`
	Exclusive   bool      `json:"exclusive"`
	Longest     float64   `json:"longest_hours,omitempty"`
	Rotator     string    `json:"rotator,omitempty"`
	Access      string    `json:"access"`
	Version     int64     `json:"version"`
	Created     time.Time `json:"created,omitzero"`
	CreatedBy   string    `json:"created_by"`
	Changed     time.Time `json:"changed,omitzero"`
	ChangedBy   string    `json:"changed_by"`
}

func newRecordJSON(p vault.Policy) recordJSON {
	return recordJSON{
		ID: p.ID, Name: p.Name, Description: p.Description, Approvals: p.Approval.Needed, Approvers: append([]string{}, p.Approval.Approvers...),
		Timeout: p.Approval.Timeout.Hours(), Then: string(p.Approval.Then), Exclusive: p.Exclusive, Longest: p.Longest.Hours(),
		Rotator: p.Rotator, Access: string(p.Access),
		Version: p.Version, Created: p.Created, CreatedBy: p.CreatedBy, Changed: p.Changed, ChangedBy: p.ChangedBy,
	}
}

func fields(p vault.Policy) []render.Field {
	return []render.Field{
		{Name: "Name", Value: p.Name}, {Name: "ID", Value: p.ID}, {Name: "Description", Value: p.Description},
		{Name: "Approvals", Value: p.Approval.Needed}, {Name: "Approvers", Value: approvers(p)},
		{Name: "Timeout hours", Value: vault.FormatHours(p.Approval.Timeout)}, {Name: "Then", Value: string(p.Approval.Then)},
		{Name: "Exclusive", Value: p.Exclusive}, {Name: "Longest hours", Value: longest(p)}, {Name: "Rotator", Value: orNone(p.Rotator)},
		{Name: "Access", Value: string(p.Access)}, {Name: "Version", Value: p.Version},
		{Name: "Created", Value: p.Created}, {Name: "Created by", Value: p.CreatedBy}, {Name: "Changed", Value: p.Changed}, {Name: "Changed by", Value: p.ChangedBy},
	}
}

func approvers(p vault.Policy) []string {
	if p.Approval.Needed > 0 && len(p.Approval.Approvers) == 0 {
		return []string{"any administrator"}
	}
	return p.Approval.Approvers
}

func longest(p vault.Policy) string {
	if p.Longest == 0 {
		return "none"
	}
	return vault.FormatHours(p.Longest)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func recordList(next string) render.List[vault.Policy] {
	type item = vault.Policy
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "NAME", Cell: func(p item) any { return p.Name }},
			{Name: "APPROVALS", Cell: func(p item) any { return p.Approval.Needed }},
			{Name: "TIMEOUT", Cell: func(p item) any { return vault.FormatHours(p.Approval.Timeout) }},
			{Name: "THEN", Cell: func(p item) any { return string(p.Approval.Then) }},
			{Name: "EXCLUSIVE", Cell: func(p item) any { return p.Exclusive }},
			{Name: "LONGEST", Cell: func(p item) any { return longest(p) }},
			{Name: "ROTATOR", Cell: func(p item) any { return orNone(p.Rotator) }},
			{Name: "ACCESS", Cell: func(p item) any { return string(p.Access) }},
			{Name: "DESCRIPTION", Cell: func(p item) any { return p.Description }},
		},
		JSON:  func(p item) any { return newRecordJSON(p) },
		Empty: "no policy fits; credentials have the built-in one",
		Next:  next,
	}
}
