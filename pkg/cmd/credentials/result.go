package credentials

import (
	"context"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/vault"
)

// Result shows the credential that came out.
type Result struct{ vaultcli.Result }

func newResult(app *vaultcli.App) Result { return Result{vaultcli.NewResult(app)} }

// show writes the record when a format asks for it.
func (r *Result) show(ctx context.Context, v *vaultcli.Vault, c vault.Credential) error {
	if r.Output == "" {
		return nil
	}
	return r.write(ctx, v, c)
}

func (r *Result) write(ctx context.Context, v *vaultcli.Vault, c vault.Credential) error {
	n, err := policies(ctx, v, c)
	if err != nil {
		return err
	}
	return r.One(n.json(c), n.fields(c))
}
