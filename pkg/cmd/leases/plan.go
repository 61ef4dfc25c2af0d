package leases

import (
	"context"
	"errors"
	"time"

	"github.com/redim-tools/redim/pkg/cli"
	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/pam"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/vault"
)

// planJSON is a dry run in JSON and YAML.
type planJSON struct {
	DryRun     bool               `json:"dry_run"`
	Identity   string             `json:"identity"`
	Credential cli.CredentialJSON `json:"credential"`
	Policy     string             `json:"policy,omitempty"`
	Outcome    string             `json:"outcome"` // released, or the class of the refusal
	Message    string             `json:"message,omitempty"`
	Due        time.Time          `json:"due,omitzero"`
}

// plan does everything but keep it, and tells what came of it.
func (o *CheckOutOptions) plan(ctx context.Context, v *vaultcli.Vault) error {
	c, err := v.Credential(ctx, o.Ref)
	if err != nil {
		return err
	}
	policy, err := policyName(ctx, v, c)
	if err != nil {
		return err
	}
	checkout, release, err := o.checkOut(ctx, v.Rehearse(), v.Actor, "")
	release.Secret.Wipe()
	class, message := "", ""
	if err != nil {
		var decided bool
		if class, message, decided = verdict(c, err); !decided {
			return err
		}
		checkout.Due = time.Time{}
	}
	doc := planJSON{
		DryRun: true, Identity: v.Actor.Name, Credential: cli.NewCredentialJSON(pam.Credential{System: c.System, Account: c.Account}),
		Policy: policy, Outcome: "released", Message: message, Due: checkout.Due,
	}
	if class != "" {
		doc.Outcome = class
	}
	return o.tell(doc)
}

// tell shows a plan. A server does not tell policies.
func (o *CheckOutOptions) tell(doc planJSON) error {
	fields := []render.Field{{Name: "Credential", Value: doc.Credential.Ref}, {Name: "Identity", Value: doc.Identity}}
	if doc.Policy != "" {
		fields = append(fields, render.Field{Name: "Policy", Value: doc.Policy})
	}
	o.Handout.Say("dry run: nothing was released")
	return render.One(o.Handout.Streams, render.Format(o.Handout.Output), doc,
		append(fields, render.Field{Name: "Outcome", Value: outcome(doc)}, render.Field{Name: "Due", Value: doc.Due}))
}

// verdict tells whether a failure is how the vault decides, and in which words.
// The request that a rehearsal makes is none that anybody could approve.
func verdict(c vault.Credential, err error) (class, message string, decided bool) {
	if errors.Is(err, pam.ErrPending) {
		return string(pam.ErrPending), "an approval of " + c.Ref() + " is needed first", true
	}
	for _, class := range []pam.Class{pam.ErrDenied, pam.ErrCheckedOut, pam.ErrConflict} {
		if errors.Is(err, class) {
			_, message, hint := cli.Describe(err)
			if hint != "" {
				message += "; " + hint
			}
			return string(class), message, true
		}
	}
	return "", "", false
}

func outcome(doc planJSON) string {
	if doc.Message == "" {
		return "would be released"
	}
	return "would not be released: " + doc.Message
}

func policyName(ctx context.Context, v *vaultcli.Vault, c vault.Credential) (string, error) {
	if c.PolicyID == "" {
		return "built-in", nil
	}
	p, err := v.Policy(ctx, c.PolicyID)
	return p.Name, err
}
