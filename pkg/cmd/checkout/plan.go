package checkout

import (
	"strconv"

	"github.com/redim-tools/redim/pkg/cli"
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
}

type spinPlan struct {
	TemplateJob int64  `json:"template_job,omitempty"`
	Reason      string `json:"reason,omitempty"`
}

// plan tells what a check-out would do.
func plan(opts *Options, as pam.Identity, c pam.Credential, spin engine.SpinPlan) error {
	comment := engine.WireComment(pam.Checkout{Comment: opts.Request.Comment, Ticket: opts.Request.Ticket})
	doc := planDocument{DryRun: true, Identity: as.String(), Credential: cli.NewCredentialJSON(c), Comment: comment,
		Spin: spinPlan{TemplateJob: spin.Template, Reason: string(spin.Reason)}}
	after := "no spin: " + string(spin.Reason)
	if spin.Reason == "" {
		after = "spin after check-in, by template job " + strconv.FormatInt(spin.Template, 10)
	}
	opts.Handout.Say("dry run: nothing was released")
	return render.One(opts.Handout.Streams, render.Format(opts.Handout.Output), doc, []render.Field{
		{Name: "Credential", Value: c.Ref()},
		{Name: "Type", Value: c.Type.String()},
		{Name: "Identity", Value: as.String()},
		{Name: "Held by", Value: c.CheckedOutBy},
		{Name: "Comment", Value: comment},
		{Name: "Afterwards", Value: after},
	})
}
