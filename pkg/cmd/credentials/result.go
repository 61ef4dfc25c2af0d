package credentials

import (
	"context"

	"github.com/redim-tools/redim/pkg/cli/vaultcli"
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// Result says how the record that came out is shown.
type Result struct {
	Output string
	DryRun bool

	Streams *term.Streams
	Say     func(format string, args ...any)
}

// service is where the work is done: for a dry run, one that keeps nothing.
func (r *Result) service(v *vaultcli.Vault) *vault.Service {
	if r.DryRun {
		return v.Rehearse()
	}
	return v.Service
}

// verb is the word for what was done, or would be.
func (r *Result) verb(done, would string) string {
	if r.DryRun {
		return "dry run: would " + would
	}
	return done
}

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
	return render.One(r.Streams, render.Format(r.Output), n.json(c), n.fields(c))
}
