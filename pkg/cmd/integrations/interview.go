package integrations

import (
	"context"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/prompt"
	"github.com/redim-tools/redim/pkg/vault"
)

// interview asks for a name, then shows the form of a new record with what the
// flags gave.
func (o *NewOptions) interview(ctx context.Context) error {
	name, err := o.Prompt().Text(ctx, prompt.Question{Label: "Name", Flag: "the name as an argument", Validate: checkName})
	if err != nil {
		return err
	}
	o.Name, o.Given["name"] = name, true
	e, err := o.edit(vault.NewIntegration(), o.Now())
	if err != nil {
		return err
	}
	if err := o.prove(ctx, &e, vault.AuthApplication, o.Read); err != nil {
		return err
	}
	f := &form{was: vault.NewIntegration(), edit: e, title: "New integration", ask: o.Prompt(), say: o.Say, now: o.Now, canShow: o.canShowGenerated}
	if f.draft, err = e.Apply(f.was); err != nil {
		return err
	}
	return o.Open.With(ctx, func(v *vaultcli.Vault) error {
		if err := f.fill(ctx); err != nil {
			return err
		}
		defer f.edit.Secret.Wipe()
		return o.create(ctx, v, f.edit)
	})
}

func checkName(name string) error {
	_, err := vault.IntegrationEdit{Name: &name}.Apply(vault.NewIntegration())
	return err
}
