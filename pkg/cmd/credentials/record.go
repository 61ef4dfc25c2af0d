package credentials

import (
	"context"
	"time"

	"github.com/redim-tools/redim/pkg/audit"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// builtin is how the policy of a credential that has none is shown.
const builtin = "built-in"

// recordJSON is a credential as every command here shows it. It has no secret.
type recordJSON struct {
	ID          string    `json:"id"`
	Ref         string    `json:"ref"`
	System      string    `json:"system"`
	Account     string    `json:"account"`
	Kind        string    `json:"kind"`
	Description string    `json:"description"`
	Policy      string    `json:"policy"`
	Access      string    `json:"access"`
	Endpoints   []string  `json:"endpoints"`
	Source      string    `json:"source"`
	SourceUser  string    `json:"source_user"`
	SourceProf  string    `json:"source_profile"`
	Secret      int64     `json:"secret_version"`
	Version     int64     `json:"version"`
	Created     time.Time `json:"created,omitzero"`
	CreatedBy   string    `json:"created_by"`
	Changed     time.Time `json:"changed,omitzero"`
	ChangedBy   string    `json:"changed_by"`

	Rotation *rotationJSON `json:"rotation,omitempty"` // one that is due
}

// rotationJSON is a rotation that a credential waits for.
type rotationJSON struct {
	Since time.Time `json:"since"`
	Tries int64     `json:"tries"`
	Next  time.Time `json:"next"` // when it may be tried
}

// names finds the names of policies by their ids.
type names map[string]string

// policies finds the names of the policies of some credentials.
func policies(ctx context.Context, v *vaultcli.Vault, list ...vault.Credential) (names, error) {
	found := names{"": builtin}
	for _, c := range list {
		if _, known := found[c.PolicyID]; known {
			continue
		}
		p, err := v.Policy(ctx, c.PolicyID)
		if err != nil {
			return nil, err
		}
		found[c.PolicyID] = p.Name
	}
	return found, nil
}

func (n names) json(c vault.Credential) recordJSON {
	return recordJSON{
		ID: c.ID, Ref: c.Ref(), System: c.System, Account: c.Account, Kind: string(c.Kind), Description: c.Description,
		Policy: n[c.PolicyID], Access: string(c.Access), Endpoints: append([]string{}, c.Endpoints...),
		Source: sourceName(c.Source), SourceUser: c.Source.User, SourceProf: c.Source.Profile, Secret: c.Secret,
		Version: c.Version, Created: c.Created, CreatedBy: c.CreatedBy, Changed: c.Changed, ChangedBy: c.ChangedBy,
	}
}

func (n names) fields(c vault.Credential) []render.Field {
	return []render.Field{
		{Name: "Credential", Value: c.Ref()}, {Name: "ID", Value: c.ID}, {Name: "Kind", Value: string(c.Kind)},
		{Name: "Description", Value: c.Description}, {Name: "Policy", Value: n[c.PolicyID]}, {Name: "Access", Value: access(c)},
		{Name: "Endpoints", Value: c.Endpoints}, {Name: "Source", Value: source(c.Source)}, {Name: "Secret version", Value: c.Secret}, {Name: "Version", Value: c.Version},
		{Name: "Created", Value: c.Created}, {Name: "Created by", Value: c.CreatedBy}, {Name: "Changed", Value: c.Changed}, {Name: "Changed by", Value: c.ChangedBy},
	}
}

func sourceName(s vault.Source) string {
	if s.Here() {
		return "vault"
	}
	return string(s.Kind)
}

func source(s vault.Source) string {
	if s.Here() {
		return "the vault itself"
	}
	return s.String()
}

func access(c vault.Credential) string {
	if c.Access == "" {
		return "as its policy says"
	}
	return string(c.Access)
}

func (n names) list(next string) render.List[vault.Credential] {
	type item = vault.Credential
	return render.List[item]{
		Columns: []render.Column[item]{
			{Name: "CREDENTIAL", Cell: func(c item) any { return c.Ref() }},
			{Name: "KIND", Cell: func(c item) any { return string(c.Kind) }},
			{Name: "POLICY", Cell: func(c item) any { return n[c.PolicyID] }},
			{Name: "SECRET VERSION", Cell: func(c item) any { return c.Secret }},
			{Name: "CHANGED", Cell: func(c item) any { return c.Changed }},
			{Name: "DESCRIPTION", Cell: func(c item) any { return c.Description }},
			{Name: "ID", Cell: func(c item) any { return c.ID }},
		},
		JSON:  func(c item) any { return n.json(c) },
		Empty: "no credential fits",
		Next:  next,
	}
}

// changedFields names the fields of changes, in words.
func changedFields(changes []audit.Change) []string {
	out := make([]string, len(changes))
	for n, c := range changes {
		out[n] = c.Field
	}
	return out
}
