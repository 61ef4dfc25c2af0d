package vaultcli

import (
	"github.com/redim-tools/redim/pkg/render"
	"github.com/redim-tools/redim/pkg/term"
	"github.com/redim-tools/redim/pkg/vault"
)

// Result says how what came out is shown, and whether anything is kept at all.
type Result struct {
	Output string
	DryRun bool

	Streams *term.Streams
	Say     func(format string, args ...any)
}

// NewResult makes the result of a command of an App.
func NewResult(app *App) Result { return Result{Streams: app.Streams, Say: app.Say} }

// Service is where the work is done: for a dry run, one that keeps nothing.
func (r *Result) Service(v *Vault) *vault.Service {
	if r.DryRun {
		return v.Rehearse()
	}
	return v.Service
}

// Verb is the word for what was done, or for what would be.
func (r *Result) Verb(done, would string) string {
	if r.DryRun {
		return "dry run: would " + would
	}
	return done
}

// One writes a single thing.
func (r *Result) One(doc any, fields []render.Field) error {
	return render.One(r.Streams, render.Format(r.Output), doc, fields)
}
