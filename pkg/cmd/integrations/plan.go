package integrations

import (
	"strings"
	"time"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// edits makes of each row what the vault imports.
func edits(rows []row) ([]vault.IntegrationRow, error) {
	out := make([]vault.IntegrationRow, 0, len(rows))
	for _, r := range rows {
		if r.fields.Name == "" {
			return nil, wrong(r.line, "the name is missing").WithHint("each integration has a name")
		}
		// A skip of approval that is over is what an export may hold.
		e, err := r.fields.edit(vault.Integration{}, time.Time{})
		if err != nil {
			_, message, hint := cli.Describe(err)
			return nil, wrong(r.line, "%s", strings.TrimPrefix(message, "--")).WithHint("%s", hint)
		}
		out = append(out, vault.IntegrationRow{Line: r.line, IntegrationEdit: e})
	}
	return out, nil
}

// nothing says of a failure that it left everything as it was.
func nothing(err error) error {
	if err == nil {
		return nil
	}
	class, message, hint := cli.Describe(err)
	return pam.Failf(class, "%s; nothing was imported", message).WithHint("%s", hint)
}

// report tells what became of the plan, or what it is.
func (o *ImportOptions) report(plan []vault.Planned) error {
	count := map[vault.Action]int{}
	for _, p := range plan {
		count[p.Action]++
	}
	if o.DryRun || o.Output != "" {
		if err := planList().Write(o.Streams, render.Format(o.Output), plan); err != nil {
			return err
		}
	}
	words := "made %d, changed %d, %d as before"
	if o.DryRun {
		words = "would make %d, change %d, leave %d as they are"
	}
	o.Say(words, count[vault.ActionCreate], count[vault.ActionChange], count[vault.ActionKeep])
	if count[vault.ActionCreate] > 0 && !o.DryRun {
		o.Warn("the new ones have no credential; give each one with: vault integrations rotate-credential NAME")
	}
	return nil
}

// plannedJSON is one line of the plan in JSON and YAML.
type plannedJSON struct {
	Line    int      `json:"line"`
	Name    string   `json:"name"`
	Action  string   `json:"action"` // create, change or keep
	Changed []string `json:"changed"`
}

func changedFields(p vault.Planned) []string {
	out := make([]string, 0, len(p.Changes))
	for _, c := range p.Changes {
		out = append(out, c.Field)
	}
	return out
}

func planList() render.List[vault.Planned] {
	return render.List[vault.Planned]{
		Columns: []render.Column[vault.Planned]{
			{Name: "LINE", Cell: func(p vault.Planned) any { return p.Line }},
			{Name: "NAME", Cell: func(p vault.Planned) any { return p.Name }},
			{Name: "ACTION", Cell: func(p vault.Planned) any { return string(p.Action) }},
			{Name: "FIELDS", Cell: func(p vault.Planned) any { return changedFields(p) }},
		},
		JSON: func(p vault.Planned) any {
			return plannedJSON{Line: p.Line, Name: p.Name, Action: string(p.Action), Changed: changedFields(p)}
		},
		Empty: "there is no integration in the file",
	}
}
