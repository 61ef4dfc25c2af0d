package selection

import (
	"strconv"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/handout"
	"github.com/redim-tools/redim/pkg/engine"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
)

// planDocument is a dry run in JSON and YAML.
type planDocument struct {
	DryRun     bool               `json:"dry_run"`
	Identity   string             `json:"identity"`
	Credential cli.CredentialJSON `json:"credential"`
	Comment    string             `json:"comment"`
	Spin       spinPlan           `json:"spin"`
	Ignore     bool               `json:"ignore_checkout,omitempty"`
}

type spinPlan struct {
	TemplateJob int64  `json:"template_job,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

// Plan tells what a check-out would do, and releases nothing. The further fields
// are for people only.
func (s Selected) Plan(out *handout.Options, further ...render.Field) error {
	spin := s.Service.SpinPlan(s.Credential)
	doc := s.plan()
	doc.Spin = spinPlan{TemplateJob: spin.Template, Reason: string(spin.Reason)}
	after := "no spin: " + string(spin.Reason)
	if spin.Reason == "" {
		after = "spin after check-in, by template job " + strconv.FormatInt(spin.Template, 10)
	}
	return s.write(out, doc, after, further...)
}

// PlanRead tells what Read would do.
func (s Selected) PlanRead(out *handout.Options) error {
	doc := s.plan()
	doc.Ignore = true
	return s.write(out, doc, "nothing to give back and no spin: it would be read without a check-out")
}

func (s Selected) plan() planDocument {
	comment := engine.WireComment(pam.Checkout{Comment: s.Request.Comment, Ticket: s.Request.Ticket})
	return planDocument{DryRun: true, Identity: s.Identity.String(), Credential: cli.NewCredentialJSON(s.Credential), Comment: comment}
}

func (s Selected) write(out *handout.Options, doc planDocument, after string, further ...render.Field) error {
	out.Say("dry run: nothing was released")
	return render.One(out.Streams, render.Format(out.Output), doc, append([]render.Field{
		{Name: "Credential", Value: s.Credential.Ref()},
		{Name: "Type", Value: s.Credential.Type.String()},
		{Name: "Identity", Value: doc.Identity},
		{Name: "Held by", Value: s.Credential.CheckedOutBy},
		{Name: "Comment", Value: doc.Comment},
		{Name: "Afterwards", Value: after},
	}, further...))
}
